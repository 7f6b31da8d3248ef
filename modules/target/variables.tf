variable "airflow_role" {
  description = "With transport rest: the Airflow role, in each environment, as which the function acts."
  type        = string
  nullable    = false
  default     = "User"

  # A part of an ARN, in which IAM would take '*' and '?' as wildcards.
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,64}$", var.airflow_role))
    error_message = "Write airflow_role as the name of an Airflow role, such as User, Op or one of your own: letters, digits, '_', '.' and '-', at most 64 of them."
  }
}

variable "dedicated_invoker_role" {
  description = "Whether sources assume a role that may do nothing but invoke the function, rather than the function's own role."
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

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "Write function.architecture as arm64 or x86_64."
  }

  validation {
    condition     = var.function.memory_size >= 128 && var.function.memory_size <= 10240
    error_message = "Write function.memory_size as 128 to 10240 (MiB)."
  }

  validation {
    condition     = var.function.timeout >= 60 && var.function.timeout <= 900
    error_message = "Write function.timeout as 60 to 900 (seconds): the function keeps time back for a look whether the DAG run is there, and with less would send nothing."
  }
}

variable "log_retention_in_days" {
  description = "For how many days the function's log is kept (0: for ever)."
  type        = number
  nullable    = false
  default     = 30
}

variable "mwaa_environments" {
  description = "Names of the MWAA environments, in this account and Region, whose DAGs may be triggered."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.mwaa_environments) > 0
    error_message = "Name at least one environment in mwaa_environments."
  }

  # "CreateEnvironment" in the Amazon MWAA API Reference.
  validation {
    condition     = alltrue([for name in var.mwaa_environments : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,79}$", name))])
    error_message = "Write each of mwaa_environments as MWAA has it (a name, no ARN): a letter, then letters, digits, '-' and '_', at most 80 in all."
  }
}

variable "name" {
  description = "Name of the Lambda function; roles and log group are named after it. Roles have no Region: in a second Region of the same account use another name."
  type        = string
  nullable    = false

  # With "-invoker" behind it, it is the name of a role (at most 64 characters).
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,56}$", var.name))
    error_message = "Write name with letters, digits, '-' and '_' only, at most 56 of them."
  }
}

variable "package" {
  description = "Path of the Lambda's zip, as `make package` builds it."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.package)
    error_message = "The Lambda's zip is not there: run `make package`."
  }
}

variable "transport" {
  description = "How the function reaches Airflow: cli (the web server's command line endpoint) or rest (Airflow's REST API, through MWAA)."
  type        = string
  nullable    = false
  default     = "cli"

  validation {
    condition     = contains(["cli", "rest"], var.transport)
    error_message = "Write transport as cli or rest."
  }
}

variable "trusted_sources" {
  description = "State machines, with their roles, that may trigger DAG runs: any number, so that several sources can share these environments. The roles must exist already."
  type = list(object({
    role_arn          = string
    state_machine_arn = string
  }))
  nullable = false

  validation {
    condition     = length(var.trusted_sources) > 0
    error_message = "Name at least one source in trusted_sources."
  }

  validation {
    condition = alltrue([
      for source in var.trusted_sources :
      can(regex("^arn:${local.partition}:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", source.role_arn))
    ])
    error_message = "Give each role_arn of trusted_sources a role in the target's partition: arn:${local.partition}:iam::ACCOUNT:role/NAME."
  }

  # "Accessing resources in other AWS accounts in Step Functions": not across Regions. The name may
  # hold only what STS takes as external id.
  validation {
    condition = alltrue([
      for source in var.trusted_sources : can(regex(
        "^arn:${local.partition}:states:${local.region}:[0-9]{12}:stateMachine:[\\w+=,.@-]+$", source.state_machine_arn
      ))
    ])
    error_message = "Give each state_machine_arn of trusted_sources a state machine in the target's partition and Region, its name of letters, digits and _+=,.@- only: arn:${local.partition}:states:${local.region}:ACCOUNT:stateMachine:NAME."
  }

  validation {
    # An ARN without an account is reported above.
    condition = alltrue([
      for source in var.trusted_sources :
      try(split(":", source.role_arn)[4] == split(":", source.state_machine_arn)[4], true)
    ])
    error_message = "Give role_arn and state_machine_arn of each of trusted_sources of one account."
  }
}
