variable "airflow_role" {
  description = "With transport rest: the Airflow role, in each environment, as which the function acts."
  type        = string
  nullable    = false
  default     = "User"
}

variable "allowed_dags" {
  description = "By environment, the ids of the DAGs that may be triggered there; one that ends with '*' stands for all that begin so. An environment that is not named here: all of its DAGs."
  type        = map(set(string))
  nullable    = false
  default     = {}
}

variable "batch" {
  description = <<-EOT
    A second state machine, which onboards all of a list: the bucket of the source account, and what its keys begin with,
    of lists and results; how many onboardings run at once (with transport cli at most 4, which is what MWAA's web
    server takes); and up to which percentage of them may fail before no more are started. `log_level` is that of its
    log (ALL, ERROR, FATAL or OFF, the default): every other level logs the causes of failed items, which quote the input
    of the item, values of the conf included.
  EOT
  type = object({
    bucket                       = string
    log_level                    = optional(string, "OFF")
    max_concurrency              = optional(number, 4)
    prefix                       = optional(string, "batches/")
    tolerated_failure_percentage = optional(number, 0)
  })
  default = null
}

variable "dedicated_invoker_role" {
  description = "Whether the source assumes a role that may do nothing but invoke the function, rather than the function's own role."
  type        = bool
  nullable    = false
  default     = false
}

variable "encryption" {
  description = <<-EOT
    Key of the source account that encrypts the definition, inputs, outputs and history of the state
    machine, and for how many seconds a data key of it is used again (60 to 900). Switch it off, or to
    another key, while nothing runs: executions keep the key that they started with.
  EOT
  type = object({
    kms_key_arn                   = string
    data_key_reuse_period_seconds = optional(number, 300)
  })
  default = null
}

variable "environment" {
  description = "Last part of all names; the workspace if left out. Who has a directory or a state for each environment names it here, and stays in the workspace default."
  type        = string
  default     = null
}

variable "function" {
  description = <<-EOT
    The Lambda function: its architecture (arm64 or x86_64), memory in MiB, timeout in seconds (60 to
    900), key of its environment variables, reserved concurrency, and whether X-Ray traces it.
  EOT
  type = object({
    architecture         = optional(string, "arm64")
    kms_key_arn          = optional(string)
    memory_size          = optional(number, 256)
    reserved_concurrency = optional(number)
    timeout              = optional(number, 300)
    tracing              = optional(bool, false)
  })
  nullable = false
  default  = {}
}

variable "logging" {
  description = <<-EOT
    Log of the executions. `level` is ALL, ERROR (the default), FATAL or OFF; the log of batches has its own,
    `batch.log_level`. `include_execution_data` adds input and output. Without it the log still holds the causes of
    failures, and at level ALL it may hold the arguments of tasks, `mwaa_dag_conf` included. `retention_in_days` is
    also for the log of the function: both are kept for 30 days by default (0: indefinitely), unless they exist already.
  EOT
  type = object({
    include_execution_data = optional(bool, false)
    level                  = optional(string, "ERROR")
    retention_in_days      = optional(number)
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
  description = "First part of all names; the environment is the last. Roles have no Region: in a second Region of the same accounts use another name."
  type        = string
  nullable    = false
  default     = "mwaa-dags-trigger"

  validation {
    # Terraform takes no condition of a variable that does not name the variable.
    condition     = "${var.name}-${local.environment}" != "${var.name}-default"
    error_message = "A workspace is an environment and a part of all names: run `terraform workspace select -or-create NAME` first, or set environment."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,56}$", "${var.name}-${local.environment}"))
    error_message = "Write name and environment (or the name of the workspace) with letters, digits, '-' and '_' only, at most 55 of both together."
  }
}

variable "package" {
  description = <<-EOT
    The Lambda's zip, if it is not the one that `make package` builds: its path; or the bucket and key of an object in S3,
    in this Region, with its base64-encoded SHA-256 and, if the bucket has versions, its version.
  EOT
  type = object({
    path             = optional(string)
    bucket           = optional(string)
    key              = optional(string)
    object_version   = optional(string)
    source_code_hash = optional(string)
  })
  default = null
}

variable "preliminary_tasks" {
  description = <<-EOT
    Lambda functions of the source account to run, in this order, before the DAG is triggered. Each
    gets the execution's input with the results of those before it. Its own is put at result_path,
    such as "$.status"; without one it is dropped. Each must be idempotent: retries and redrives run it
    again.
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
  description = <<-EOT
    Account of the state machine, and the role that deploys there (without one, the caller does). What the
    account demands: the path and the permissions boundary of roles; the key of the log, or the name of an
    existing log group instead of one that is made here.
  EOT
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
    logging = optional(object({
      kms_key_arn    = optional(string)
      log_group_name = optional(string)
    }), {})
    role = optional(object({
      path                 = optional(string, "/")
      permissions_boundary = optional(string)
    }), {})
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

  # "Tags for IAM resources" in the IAM User Guide: of all services here, IAM accepts the least.
  validation {
    condition     = length(distinct([for key in setunion(["Environment", "Project"], keys(var.tags)) : lower(key)])) == length(setunion(["Environment", "Project"], keys(var.tags)))
    error_message = "`tags` must not have keys that differ in case only from each other, from Environment or from Project, such as project: for IAM they are the same."
  }

  validation {
    condition     = length(setunion(["Environment", "Project"], keys(var.tags))) <= 50
    error_message = "`tags` must have at most 48 keys besides Environment and Project: AWS accepts 50."
  }

  validation {
    condition = alltrue([for key, value in var.tags : (
      can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{1,128}$", key)) && can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{0,256}$", value))
      && !can(regex("(?i)^aws:", key)) && !can(regex("(?i)^aws:", value))
    )])
    error_message = "Keys and values of `tags` must consist of letters, digits, spaces and _.:/=+-@, such as Team = \"Research and Development\", with at most 128 characters in a key and 256 in a value, and must not begin with aws:."
  }
}

variable "target_account" {
  description = <<-EOT
    Account of MWAA, and the role that deploys there (without one, the caller does). It may be the source account. What the
    account demands: the path and the permissions boundary of roles; the key of the log, or the name of an
    existing log group instead of one that is made here.
  EOT
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
    logging = optional(object({
      kms_key_arn    = optional(string)
      log_group_name = optional(string)
    }), {})
    role = optional(object({
      path                 = optional(string, "/")
      permissions_boundary = optional(string)
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.target_account.account_id))
    error_message = "Write target_account.account_id as 12 digits, in quotes."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the executions; function.tracing is for the function."
  type        = bool
  nullable    = false
  default     = false
}

variable "transport" {
  description = "How the function reaches Airflow: cli (the web server's command line endpoint) or rest (Airflow's REST API, through MWAA)."
  type        = string
  nullable    = false
  default     = "cli"
}

variable "trusted_sources" {
  description = "Further state machines, with their roles, that may trigger DAG runs, beside the one that is made here. About 6 at most, because IAM's default quota for a trust policy is 2,048 characters. The roles must exist already."
  type = list(object({
    role_arn          = string
    state_machine_arn = string
  }))
  nullable = false
  default  = []
}

variable "vpc" {
  description = "To reach a web server in private networking: the subnets and security groups of the function. It needs dedicated_invoker_role."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null
}

variable "wait_for_completion" {
  description = <<-EOT
    Waiting for the DAG run: the execution ends when the DAG run does, and fails if the DAG run fails. It polls first
    after 15 s over REST and 30 s over the CLI, where each poll starts a process on the web server. Then the interval
    grows to a quarter of the time waited, at most 300 s. `poll_interval_seconds` (5 or more) sets a fixed interval
    instead. `timeout_seconds` is the longest wait since the trigger or the last redrive. Defaults to null: the
    execution ends once it has triggered the DAG run.
  EOT
  type = object({
    poll_interval_seconds = optional(number)
    timeout_seconds       = number
  })
  default = null
}
