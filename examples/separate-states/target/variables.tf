variable "mwaa_environments" {
  description = "Names of the MWAA environments whose DAGs may be triggered."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "Name of the function here and of the state machine there."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account_id" {
  description = "The account of the state machine."
  type        = string
  nullable    = false
}

variable "target_account_id" {
  description = "This account."
  type        = string
  nullable    = false
}
