variable "mwaa_dag" {
  description = "Id of the DAG that runs each night."
  type        = string
  nullable    = false
}

variable "mwaa_dag_conf" {
  description = "Conf of each DAG run, the same each night. Defaults to `{}`."
  type        = any
  nullable    = false
  default     = {}
}

variable "mwaa_environment" {
  description = "Name of the MWAA environment with the DAG."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the state machine, the function and the schedule group. Roles and log groups are named after it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "schedule" {
  description = "Time of the DAG run: a `cron`, `rate` or `at` expression of EventBridge Scheduler, and its time zone (default: UTC)."
  type = object({
    expression = string
    timezone   = optional(string, "UTC")
  })
  nullable = false
}

variable "source_account" {
  description = "Account of the state machine and the schedule. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials belong to the account."
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
