variable "logging" {
  description = "Log of the executions: its level (ALL, ERROR, FATAL or OFF), whether it holds their input and output, and for how many days it is kept (0: for ever)."
  type = object({
    level                  = optional(string, "ERROR")
    include_execution_data = optional(bool, false)
    retention_in_days      = optional(number, 30)
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL", "OFF"], var.logging.level)
    error_message = "Write logging.level as ALL, ERROR, FATAL or OFF."
  }
}

variable "name" {
  description = "Name of the state machine; role and log group are named after it. Roles have no Region: in a second Region of the same account use another name."
  type        = string
  nullable    = false

  # The state machine's ARN is an sts:ExternalId ([\w+=,.@:/-]), its name what the provider takes (no
  # dot), and with "-source" behind it that of a role (at most 64 characters).
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,57}$", var.name))
    error_message = "Write name with letters, digits, '-' and '_' only, at most 57 of them."
  }
}

variable "preliminary_tasks" {
  description = <<-EOT
    Lambda functions of this account to run, in this order, before the DAG is triggered. Each gets
    the execution's input. Its result is put at result_path, such as "$.status"; without one it is
    dropped.
  EOT
  type = list(object({
    name        = string
    lambda_arn  = string
    result_path = optional(string)
  }))
  nullable = false
  default  = []

  validation {
    condition     = length(distinct(var.preliminary_tasks[*].name)) == length(var.preliminary_tasks)
    error_message = "Give each of preliminary_tasks a name of its own: they are the names of states."
  }

  validation {
    condition     = alltrue([for task in var.preliminary_tasks : length(task.name) >= 1 && length(task.name) <= 80])
    error_message = "Give each of preliminary_tasks a name of 1 to 80 characters."
  }

  validation {
    condition     = !contains(var.preliminary_tasks[*].name, "Trigger MWAA DAG")
    error_message = "Call none of preliminary_tasks 'Trigger MWAA DAG': the state machine has a state of this name."
  }

  validation {
    condition = alltrue([
      for task in var.preliminary_tasks : can(regex(
        "^arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:[\\w-]+(:[\\w$-]+)?$", task.lambda_arn
      ))
    ])
    error_message = "Give preliminary_tasks functions of the source's own account and Region: arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:NAME."
  }

  validation {
    condition     = alltrue([for task in var.preliminary_tasks : task.result_path == null || startswith(coalesce(task.result_path, "$."), "$.")])
    error_message = "Begin the result_path of each of preliminary_tasks with '$.', or leave it out to drop the result; without a field of its own the result would replace the execution's input."
  }
}

variable "target" {
  description = "Where the trigger is: the role to assume, the function to invoke as it, and the function's timeout in seconds."
  type = object({
    role_arn         = string
    function_arn     = string
    function_timeout = optional(number, 300)
  })
  nullable = false

  # "Accessing resources in other AWS accounts in Step Functions": not across Regions or partitions.
  validation {
    condition     = can(regex("^arn:${local.partition}:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", var.target.role_arn))
    error_message = "Give target.role_arn a role in the source's partition: arn:${local.partition}:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition     = can(regex("^arn:${local.partition}:lambda:${local.region}:[0-9]{12}:function:[\\w-]+$", var.target.function_arn))
    error_message = "Give target.function_arn a function, without version or alias, in the source's partition and Region: arn:${local.partition}:lambda:${local.region}:ACCOUNT:function:NAME."
  }

  validation {
    # An ARN without an account is reported above.
    condition     = try(split(":", var.target.role_arn)[4] == split(":", var.target.function_arn)[4], true)
    error_message = "Give target.role_arn and target.function_arn of one account."
  }
}
