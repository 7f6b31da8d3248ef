variable "encryption" {
  description = <<-EOT
    Key of this account and Region that encrypts the definition, inputs, outputs and history of the state
    machine, and for how many seconds a data key of it is used again (60 to 900). Switch it off, or to
    another key, while nothing runs: executions keep the key that they started with.
  EOT
  type = object({
    kms_key_arn                   = string
    data_key_reuse_period_seconds = optional(number, 300)
  })
  default = null

  validation {
    condition     = alltrue([for key in var.encryption[*].kms_key_arn : can(regex(local.kms_key_pattern, key))])
    error_message = "Give encryption.kms_key_arn a key of the source's partition and Region: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "EncryptionConfiguration" in the AWS Step Functions API Reference.
  validation {
    condition = alltrue([
      for seconds in var.encryption[*].data_key_reuse_period_seconds : seconds >= 60 && seconds <= 900
    ])
    error_message = "Write encryption.data_key_reuse_period_seconds as 60 to 900 (seconds)."
  }
}

variable "logging" {
  description = <<-EOT
    Log of the executions. `level` is ALL, ERROR (the default), FATAL or OFF. `include_execution_data` adds their
    input and output. Without it the log still holds the causes of failures, and at level ALL it may hold the
    arguments of tasks, `mwaa_dag_conf` included. `retention_in_days` defaults to 30 (0: indefinitely), and
    `kms_key_arn` is the key that encrypts the log; omit both if `log_group_name` names an existing log group.
    Changing to an existing log group deletes the one created here.
  EOT
  type = object({
    include_execution_data = optional(bool, false)
    kms_key_arn            = optional(string)
    level                  = optional(string, "ERROR")
    log_group_name         = optional(string)
    retention_in_days      = optional(number)
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL", "OFF"], var.logging.level)
    error_message = "Write logging.level as ALL, ERROR, FATAL or OFF."
  }

  validation {
    condition     = alltrue([for key in var.logging.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "Give logging.kms_key_arn a key of the source's partition and Region: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "CreateLogGroup" in the CloudWatch Logs API Reference, "CloudWatchLogsLogGroup" in that of AWS Step Functions.
  validation {
    condition = alltrue([
      for name in var.logging.log_group_name[*] :
      can(regex("^[A-Za-z0-9_./#-]+$", name)) && length(name) <= local.max_log_group_name_length
    ])
    error_message = "`logging.log_group_name` must be the name of a log group (no ARN), such as /team/states: letters, digits and _./#- only, at most ${local.max_log_group_name_length} of them, because Step Functions accepts a log group's ARN of up to 256."
  }

  validation {
    condition = var.logging.log_group_name == null || (
      var.logging.kms_key_arn == null && var.logging.retention_in_days == null
    )
    error_message = "Leave out logging.retention_in_days and logging.kms_key_arn beside logging.log_group_name: an existing log group keeps its own."
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
    the execution's input with the results of those before it. Its own is put at result_path, such
    as "$.status"; without one it is dropped. Each must be idempotent: retries and redrives run it again.
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
    # AWS does not document whether a character beyond U+FFFF counts as one or, as in UTF-16, as two.
    condition = alltrue([
      for task in var.preliminary_tasks :
      can(regex("^[^\\p{Cc}\\p{Zl}\\p{Zp}]{1,80}$", replace(task.name, "/[\\x{10000}-\\x{10FFFF}]/", "xx")))
    ])
    error_message = "Each name in `preliminary_tasks` must have 1 to 80 characters and no line breaks or other control characters, such as \"Update Client Database\". An emoji counts as two characters or more."
  }

  validation {
    condition     = length(setintersection(var.preliminary_tasks[*].name, local.reserved_state_names)) == 0
    error_message = "Call none of preliminary_tasks ${join(", ", [for name in local.reserved_state_names : "'${name}'"])}: these are the state machine's own states."
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
    # A reference path ("Using JSONPath paths" in the AWS Step Functions Developer Guide) to a field.
    condition = alltrue([
      for task in var.preliminary_tasks : can(regex(
        "^\\$\\.[\\pL\\pN_-]+(\\.[\\pL\\pN_-]+|\\['[^'\\\\[:cntrl:]]+'\\]|\\[[0-9]+\\])*$", coalesce(task.result_path, "$.status")
      ))
    ])
    error_message = "Each `result_path` in `preliminary_tasks` must be the path of one field, such as $.status or $.mwaa_dag_conf.table. Omit it to drop the result. The path $ alone would replace the execution's input."
  }
}

variable "role" {
  description = "For accounts that demand them: the path of the role that is made here, and the ARN of the policy that is its permissions boundary. Changing the path replaces the role: the target, which trusts it, has to apply after it."
  type = object({
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  nullable = false
  default  = {}

  # "IAM name requirements" in the IAM User Guide: CreateRole accepts more, and Lambda refuses it.
  validation {
    condition     = can(regex("^/([\\w+=,.@-]+/)*$", var.role.path))
    error_message = "`role.path` must begin and end with a slash, with letters, digits and _+=,.@- between slashes, such as /teams/data/."
  }

  # "CreateStateMachine" in the AWS Step Functions API Reference.
  validation {
    condition     = length(var.role.path) <= local.max_role_path_length
    error_message = "`role.path` must have at most ${local.max_role_path_length} characters: Step Functions accepts a role's ARN of up to 256."
  }

  validation {
    condition = alltrue([
      for arn in var.role.permissions_boundary[*] :
      can(regex("^arn:${local.partition}:iam::([0-9]{12}|aws):policy/[\\w+=,.@/-]+$", arn))
    ])
    error_message = "Write role.permissions_boundary as the ARN of a policy: arn:${local.partition}:iam::ACCOUNT:policy/NAME."
  }
}

variable "tags" {
  description = "Tags for everything that is made here, beside the provider's default tags or in place of them."
  type        = map(string)
  nullable    = false
  default     = {}

  # "Tags for IAM resources" in the IAM User Guide: of all services here, IAM accepts the least.
  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags) && length(var.tags) <= 50
    error_message = "`tags` must have at most 50 keys, none of which differ in case only, such as Team and team: for IAM they are the same."
  }

  validation {
    condition = alltrue([for key, value in var.tags : (
      can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{1,128}$", key)) && can(regex("^[\\pL\\pZ\\pN_.:/=+@-]{0,256}$", value))
      && !can(regex("(?i)^aws:", key)) && !can(regex("(?i)^aws:", value))
    )])
    error_message = "Keys and values of `tags` must consist of letters, digits, spaces and _.:/=+-@, such as Team = \"Research and Development\", with at most 128 characters in a key and 256 in a value, and must not begin with aws:."
  }
}

variable "target" {
  description = "Where the trigger is: the role to assume, the alias of the function to invoke as it, the function's timeout in seconds, and its transport (`cli` or `rest`), which decides how soon an execution that waits polls first."
  type = object({
    role_arn         = string
    function_arn     = string
    function_timeout = optional(number, 300)
    transport        = optional(string, "cli")
  })
  nullable = false

  # "Accessing resources in other AWS accounts in Step Functions": not across Regions or partitions.
  validation {
    condition     = can(regex("^arn:${local.partition}:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", var.target.role_arn))
    error_message = "Give target.role_arn a role in the source's partition: arn:${local.partition}:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition = can(regex(
      "^arn:${local.partition}:lambda:${local.region}:[0-9]{12}:function:[\\w-]+:[A-Za-z][\\w-]*$", var.target.function_arn
    ))
    error_message = "Give target.function_arn an alias of a function, in the source's partition and Region: arn:${local.partition}:lambda:${local.region}:ACCOUNT:function:NAME:live."
  }

  # "Configure Lambda function timeout" in the AWS Lambda Developer Guide.
  validation {
    condition     = try(var.target.function_timeout >= 1 && var.target.function_timeout <= 900 && floor(var.target.function_timeout) == var.target.function_timeout, false)
    error_message = "`target.function_timeout` must be the function's timeout, a whole number of seconds from 1 to 900, such as 300."
  }

  validation {
    # An ARN without an account is reported above.
    condition     = try(split(":", var.target.role_arn)[4] == split(":", var.target.function_arn)[4], true)
    error_message = "Give target.role_arn and target.function_arn of one account."
  }

  validation {
    condition     = contains(["cli", "rest"], var.target.transport)
    error_message = "`target.transport` must be `cli` or `rest`, as in modules/target."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the executions."
  type        = bool
  nullable    = false
  default     = false
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

  # "Wait workflow state": Seconds is an integer up to 99999999.
  validation {
    condition = alltrue([
      for seconds in try(var.wait_for_completion.poll_interval_seconds, null)[*] :
      seconds >= 5 && seconds <= 99999999 && floor(seconds) == seconds
    ])
    error_message = "`wait_for_completion.poll_interval_seconds` must be a whole number of seconds from 5 to 99999999, such as 60."
  }

  validation {
    condition = alltrue([
      for wait in var.wait_for_completion[*] :
      wait.timeout_seconds >= coalesce(wait.poll_interval_seconds, local.min_interval) && floor(wait.timeout_seconds) == wait.timeout_seconds
    ])
    error_message = "`wait_for_completion.timeout_seconds` must be a whole number of seconds, and not less than `poll_interval_seconds` (${local.min_interval} if omitted)."
  }

  validation {
    condition = alltrue([
      for wait in var.wait_for_completion[*] :
      wait.timeout_seconds <= try(wait.poll_interval_seconds * local.max_polls, local.longest_timeout)
    ])
    error_message = "`wait_for_completion.timeout_seconds` must be at most ${try(var.wait_for_completion.poll_interval_seconds * local.max_polls, local.longest_timeout)}: an execution history holds 25,000 events, enough for ${local.max_polls} polls. Decrease it, or set a longer `poll_interval_seconds`."
  }
}
