variable "bucket" {
  description = "Name of the bucket for the uploads, which is made here."
  type        = string
  nullable    = false
}

variable "mwaa_dag" {
  description = "Id of the DAG to run for each upload."
  type        = string
  nullable    = false
}

variable "mwaa_environment" {
  description = "Name of the MWAA environment that has the DAG."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the state machine, of the function and of the rule; roles and log groups are named after it."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "What an object's key has to begin with; others start nothing."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account" {
  description = "Account of the bucket and the state machine, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}
