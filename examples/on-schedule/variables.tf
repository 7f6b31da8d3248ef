variable "mwaa_dag" {
  description = "Id of the DAG to run each night."
  type        = string
  nullable    = false
}

variable "mwaa_dag_conf" {
  description = "Conf of each DAG run: any object, the same each night."
  type        = any
  nullable    = false
  default     = {}
}

variable "mwaa_environment" {
  description = "Name of the MWAA environment that has the DAG."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the state machine, of the function and of the schedule's group; roles and log groups are named after it."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of both accounts."
  type        = string
  nullable    = false
}

variable "schedule" {
  description = "When: a cron, rate or at expression of EventBridge Scheduler, and its time zone."
  type = object({
    expression = string
    timezone   = optional(string, "UTC")
  })
  nullable = false
}

variable "source_account" {
  description = "Account of the state machine and the schedule, and the role that deploys there (without one, the caller does)."
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
