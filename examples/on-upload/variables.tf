variable "bucket" {
  description = "Name of the bucket for the uploads, which this example creates."
  type        = string
  nullable    = false
}

variable "mwaa_dag" {
  description = "Id of the DAG that runs for each upload."
  type        = string
  nullable    = false
}

variable "mwaa_environment" {
  description = "Name of the MWAA environment with the DAG."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the state machine, the function and the rule. Roles and log groups are named after it."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "Prefix of the keys of uploads. Other objects start nothing."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "source_account" {
  description = "Account of the bucket and the state machine. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}

variable "target_account" {
  description = "Account of MWAA. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false
}
