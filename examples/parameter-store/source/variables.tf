variable "name" {
  description = "Name of the state machine and, in the other account, of the function."
  type        = string
  nullable    = false
}

variable "reader_role_arn" {
  description = "ARN of the role in the target account that can read the parameter: the output of the target's state."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account_id" {
  description = "Id of this account."
  type        = string
  nullable    = false
}

variable "target_account_id" {
  description = "Id of the account of MWAA."
  type        = string
  nullable    = false
}
