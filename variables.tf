variable "airflow_role" {
  description = "With transport rest: the Airflow role, in each environment, as which the function acts."
  type        = string
  nullable    = false
  default     = "User"
}

variable "dedicated_invoker_role" {
  description = "Whether the source assumes a role that may do nothing but invoke the function, rather than the function's own role."
  type        = bool
  nullable    = false
  default     = false
}

variable "function" {
  description = "Size of the Lambda function: architecture (arm64 or x86_64), memory in MiB, timeout in seconds (60 to 900)."
  type = object({
    architecture = optional(string, "arm64")
    memory_size  = optional(number, 256)
    timeout      = optional(number, 300)
  })
  nullable = false
  default  = {}
}

variable "logging" {
  description = "Log of the executions: its level (OFF, ERROR, FATAL or ALL), whether it holds their input and output. For how many days it and the function's log are kept (0: for ever)."
  type = object({
    level                  = optional(string, "ERROR")
    include_execution_data = optional(bool, false)
    retention_in_days      = optional(number, 30)
  })
  nullable = false
  default  = {}
}

variable "mwaa_environments" {
  description = "Names of the MWAA environments, in the target account, whose DAGs may be triggered."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "First part of all names; the workspace is the second. Roles have no Region: in a second Region of the same accounts use another name."
  type        = string
  nullable    = false
  default     = "mwaa-dags-trigger"

  validation {
    # Terraform takes no condition of a variable that does not name the variable.
    condition     = "${var.name}-${terraform.workspace}" != "${var.name}-default"
    error_message = "A workspace is an environment and a part of all names: run `terraform workspace select -or-create NAME` first."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,56}$", "${var.name}-${terraform.workspace}"))
    error_message = "Write name and the name of the workspace with letters, digits, '-' and '_' only, at most 55 of both together."
  }
}

variable "preliminary_tasks" {
  description = <<-EOT
    Lambda functions of the source account to run, in this order, before the DAG is triggered. Each
    gets the execution's input. Its result is put at result_path, such as "$.status"; without one
    it is dropped.
  EOT
  type = list(object({
    name        = string
    lambda_arn  = string
    result_path = optional(string)
  }))
  nullable = false
  default  = []
}

variable "region" {
  description = "Region of both accounts: Step Functions cannot assume a role for another Region."
  type        = string
  nullable    = false
}

variable "source_account" {
  description = "Account of the state machine, and the role that deploys there (without one, the caller does)."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.source_account.account_id))
    error_message = "Write source_account.account_id as 12 digits, in quotes."
  }
}

variable "tags" {
  description = "Tags for everything, besides Project and Environment or in place of them."
  type        = map(string)
  nullable    = false
  default     = {}
}

variable "target_account" {
  description = "Account of MWAA, and the role that deploys there (without one, the caller does). It may be the source account."
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.target_account.account_id))
    error_message = "Write target_account.account_id as 12 digits, in quotes."
  }
}

variable "transport" {
  description = "How the function reaches Airflow: cli (the web server's command line endpoint) or rest (Airflow's REST API, through MWAA)."
  type        = string
  nullable    = false
  default     = "cli"
}
