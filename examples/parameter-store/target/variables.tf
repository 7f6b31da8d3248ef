variable "mwaa_environments" {
  description = "Names of the MWAA environments whose DAGs the function may trigger."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the function and, in the other account, of the state machine."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account_id" {
  description = "Id of the account of the state machine."
  type        = string
  nullable    = false
}

variable "source_deployer_role_arn" {
  description = "ARN of the role that deploys the source. It can read the parameter."
  type        = string
  nullable    = false
}

variable "target_account_id" {
  description = "Id of this account."
  type        = string
  nullable    = false
}
