variable "alarms" {
  description = <<-EOT
    CloudWatch alarms and a dashboard. Defaults to null: none. `actions` are the ARNs of up to 5 actions, such as SNS
    topics, that each alarm starts. The alarms watch executions that failed or timed out, and batches that somebody
    stopped. If executions start on a schedule, set `schedule.hours` (1 to 168) to the longest time without a successful
    execution, such as 25. This alarm also fires after the first apply, until the first execution has succeeded.
  EOT
  type = object({
    actions  = set(string)
    schedule = optional(object({ hours = number }))
  })
  default = null

  # "PutMetricAlarm" in the Amazon CloudWatch API Reference.
  validation {
    condition     = alltrue([for alarms in var.alarms[*] : length(alarms.actions) <= 5])
    error_message = "`alarms.actions` must have at most 5 ARNs."
  }

  validation {
    condition = alltrue(flatten([
      for alarms in var.alarms[*] : [
        for arn in alarms.actions : can(regex("^arn:${local.partition}:[a-z0-9-]+:(${local.region})?:[0-9]{12}:\\S+$", arn))
      ]
    ]))
    error_message = "Each of `alarms.actions` must be the ARN of a topic or another action in the partition and Region of the source: arn:${local.partition}:sns:${local.region}:ACCOUNT:NAME."
  }

  # "PutMetricAlarm" in the Amazon CloudWatch API Reference: periods of an hour for 7 days.
  validation {
    condition = alltrue([
      for hours in try(var.alarms.schedule.hours, null)[*] : hours >= 1 && hours <= 168 && floor(hours) == hours
    ])
    error_message = "`alarms.schedule.hours` must be a whole number from 1 to 168, such as 25 for a daily schedule."
  }
}

variable "batch" {
  description = <<-EOT
    Second state machine, which starts one execution for each item of a list. Defaults to null: no batches. The items
    are in the input, or in objects of `bucket` (in this account and Region) whose keys begin with `prefix`. The
    results are written below `prefix` + `results/`. At most `max_concurrency` items (default: 4) run at once. MWAA's
    web server runs about 4 CLI commands at once. The batch stops and fails when more than
    `tolerated_failure_percentage` of the items have failed (default: 0, the first failure). 100 counts as 99, so that
    a batch in which every item fails never succeeds. `log_level` is `ALL`, `ERROR`, `FATAL` or `OFF` (the default):
    all other levels log the causes of failed items, which quote the item's input, including values of the conf.
  EOT
  type = object({
    bucket                       = string
    log_level                    = optional(string, "OFF")
    max_concurrency              = optional(number, 4)
    prefix                       = optional(string, "batches/")
    tolerated_failure_percentage = optional(number, 0)
  })
  default = null

  # "General purpose bucket naming rules" in the Amazon S3 User Guide.
  validation {
    condition = alltrue([
      for name in var.batch[*].bucket : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name)) && !strcontains(name, "..")
    ])
    error_message = "`batch.bucket` must be the name of a bucket (no ARN, no s3://), such as team-batches: 3 to 63 lowercase letters, digits, '-' and '.'."
  }

  validation {
    condition     = alltrue([for level in var.batch[*].log_level : contains(["ALL", "ERROR", "FATAL", "OFF"], level)])
    error_message = "`batch.log_level` must be ALL, ERROR, FATAL or OFF."
  }

  # "Using Map state in Distributed mode": 10,000 children at once.
  validation {
    condition     = alltrue([for max in var.batch[*].max_concurrency : max >= 1 && max <= 10000 && floor(max) == max])
    error_message = "`batch.max_concurrency` must be a whole number from 1 to 10000, such as 4."
  }

  # It is part of a policy, where * and ? are wildcards, and of texts in the definition.
  validation {
    condition     = alltrue([for prefix in var.batch[*].prefix : can(regex("^([A-Za-z0-9_.=-]+/)+$", prefix))])
    error_message = "`batch.prefix` must end with a slash and not begin with one, such as teams/data/batches/. Between slashes, use letters, digits and _ . = - only."
  }

  validation {
    condition = alltrue([
      for percentage in var.batch[*].tolerated_failure_percentage :
      percentage >= 0 && percentage <= 100 && floor(percentage) == percentage
    ])
    error_message = "`batch.tolerated_failure_percentage` must be a whole number from 0 to 100, such as 5."
  }
}

variable "encryption" {
  description = <<-EOT
    ARN of a KMS key in this Region, in this or another account, that encrypts the definition, input, output and
    history of the state machines. Defaults to null: a key of AWS. A data key is reused for
    `data_key_reuse_period_seconds` (60 to 900, default: 300). Change or remove the key while no execution is running:
    executions keep the key that they started with.
  EOT
  type = object({
    kms_key_arn                   = string
    data_key_reuse_period_seconds = optional(number, 300)
  })
  default = null

  validation {
    condition     = alltrue([for key in var.encryption[*].kms_key_arn : can(regex(local.kms_key_pattern, key))])
    error_message = "`encryption.kms_key_arn` must be the ARN of a key in the partition and Region of the source: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "EncryptionConfiguration" in the AWS Step Functions API Reference.
  validation {
    condition = alltrue([
      for seconds in var.encryption[*].data_key_reuse_period_seconds : seconds >= 60 && seconds <= 900
    ])
    error_message = "`encryption.data_key_reuse_period_seconds` must be from 60 to 900, such as 300."
  }
}

variable "logging" {
  description = <<-EOT
    Log of the executions. `level` is `ALL`, `ERROR` (the default), `FATAL` or `OFF`. `include_execution_data` adds
    input and output. Without it, the log still contains the causes of failures, and at level `ALL` possibly the
    arguments of tasks, including `mwaa_dag_conf`. `retention_in_days` defaults to 30 (0: indefinitely). `kms_key_arn`
    encrypts the log group. `skip_destroy` keeps the log group when Terraform would delete it. `existing_log_group`
    replaces the log groups of this module, including the log group of batches. Switching to it deletes them, unless
    `skip_destroy` was applied before.
  EOT
  type = object({
    existing_log_group     = optional(object({ name = string }))
    include_execution_data = optional(bool, false)
    kms_key_arn            = optional(string)
    level                  = optional(string, "ERROR")
    retention_in_days      = optional(number)
    skip_destroy           = optional(bool, false)
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["ALL", "ERROR", "FATAL", "OFF"], var.logging.level)
    error_message = "`logging.level` must be ALL, ERROR, FATAL or OFF."
  }

  validation {
    condition     = alltrue([for key in var.logging.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "`logging.kms_key_arn` must be the ARN of a key in the partition and Region of the source: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "CreateLogGroup" in the CloudWatch Logs API Reference, "CloudWatchLogsLogGroup" in the AWS Step Functions API Reference.
  validation {
    condition = alltrue([
      for name in var.logging.existing_log_group[*].name :
      can(regex("^[A-Za-z0-9_./#-]+$", name)) && length(name) <= local.max_log_group_name_length
    ])
    error_message = "`logging.existing_log_group.name` must be the name of a log group (no ARN), such as /team/states: letters, digits and _./#- only, at most ${local.max_log_group_name_length} of them, because Step Functions accepts a log group's ARN of up to 256."
  }

  validation {
    condition = var.logging.existing_log_group == null || (
      var.logging.kms_key_arn == null && var.logging.retention_in_days == null
    )
    error_message = "`logging.kms_key_arn` and `logging.retention_in_days` must be omitted if `logging.existing_log_group` is set: an existing log group keeps its own."
  }
}

variable "name" {
  description = "Name of the state machine. The role, the log group and the batch state machine are named after it. Roles exist once for all Regions, so use another name in a second Region of the same account."
  type        = string
  nullable    = false

  # The state machine's ARN is an sts:ExternalId ([\w+=,.@:/-]). The provider accepts no dot in its name. With "-source"
  # appended, it is the name of a role (at most 64 characters).
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,57}$", var.name))
    error_message = "`name` must have 1 to 57 letters, digits, '-' and '_', such as data-onboarding."
  }

  # The command line recognizes a batch state machine by this suffix.
  validation {
    condition     = !endswith(var.name, "-batch")
    error_message = "`name` must not end with -batch, the suffix of the batch state machine. Use another name, such as data-onboarding-batches."
  }
}

variable "notifications" {
  description = "SNS topic, in the account and Region of the source, that receives one sentence for each execution that failed, timed out or was stopped: the execution, its status, its error (omitted with `encryption`) and what to do. Defaults to null: none. The policy of the topic must allow `events.amazonaws.com` to publish."
  type = object({
    topic_arn = string
  })
  default = null

  # EventBridge rules cannot publish to FIFO topics, and need a role to publish in another account ("Targets of an
  # EventBridge rule").
  validation {
    condition = alltrue([
      for arn in var.notifications[*].topic_arn :
      can(regex("^arn:${local.partition}:sns:${local.region}:${local.account_id}:[A-Za-z0-9_-]{1,256}$", arn))
    ])
    error_message = "`notifications.topic_arn` must be the ARN of a standard topic in the account and Region of the source: arn:${local.partition}:sns:${local.region}:${local.account_id}:NAME."
  }
}

variable "preliminary_tasks" {
  description = <<-EOT
    Lambda functions of this Region that run before the trigger, in this order. Defaults to none. Each function
    receives the input of the execution together with the results of the previous functions. Its own result is stored
    at `result_path`, such as `$.status`, or dropped if you omit it. Each function must be idempotent: retries and
    redrives run it again. The policy of a function in another account must allow the role of the state machine to
    invoke it.
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
    error_message = "Each `name` in `preliminary_tasks` must be different: they are the names of states."
  }

  validation {
    # AWS does not document whether a character beyond U+FFFF counts as one or, as in UTF-16, as two.
    condition = alltrue([
      for task in var.preliminary_tasks :
      can(regex("^[^\\p{Cc}\\p{Zl}\\p{Zp}]{1,80}$", replace(task.name, "/[\\x{10000}-\\x{10FFFF}]/", "xx")))
    ])
    error_message = "Each `name` in `preliminary_tasks` must have 1 to 80 characters and no line breaks or other control characters, such as \"Update Client Database\". An emoji counts as two characters or more."
  }

  validation {
    condition     = length(setintersection(var.preliminary_tasks[*].name, local.reserved_state_names)) == 0
    error_message = "Each `name` in `preliminary_tasks` must differ from the state machine's own states: ${join(", ", [for name in local.reserved_state_names : "'${name}'"])}."
  }

  # Lambda grants access across accounts by the function's own policy ("Granting Lambda function access to other
  # accounts"), Step Functions invokes no function in another Region.
  validation {
    condition = alltrue([
      for task in var.preliminary_tasks : can(regex(
        "^arn:${local.partition}:lambda:${local.region}:[0-9]{12}:function:[\\w-]+(:[\\w$-]+)?$", task.lambda_arn
      ))
    ])
    error_message = "Each `lambda_arn` in `preliminary_tasks` must be the ARN of a function in the partition and Region of the source: arn:${local.partition}:lambda:${local.region}:ACCOUNT:function:NAME."
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
  description = <<-EOT
    Rules of your organization for roles: `path`, and the ARN of the policy that is the `permissions_boundary`. A new
    path replaces the role, so apply the target, which trusts it, afterwards. If somebody else creates your roles, set
    `existing` to their ARNs (`batch_arn` together with `batch`). The module then creates nothing in IAM. The output
    `iam_policies` contains the policies that these roles need.
  EOT
  type = object({
    existing = optional(object({
      arn       = string
      batch_arn = optional(string)
    }))
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for arn in flatten([for existing in var.role.existing[*] : compact([existing.arn, existing.batch_arn])]) :
      can(regex("^${local.roles_arn}/[\\w+=,.@/-]+$", arn))
    ])
    error_message = "`role.existing.arn` and `role.existing.batch_arn` must be ARNs of roles in the source account: ${local.roles_arn}/NAME."
  }

  validation {
    condition     = alltrue([for existing in var.role.existing[*] : (existing.batch_arn == null) == (var.batch == null)])
    error_message = "`role.existing.batch_arn` must be set together with `batch`, and omitted without it."
  }

  validation {
    condition     = var.role.existing == null || (var.role.path == "/" && var.role.permissions_boundary == null)
    error_message = "`role.path` and `role.permissions_boundary` must be omitted if `role.existing` is set: existing roles keep their own."
  }

  # "IAM name requirements" in the IAM User Guide: CreateRole accepts more, but Lambda rejects it.
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
    error_message = "`role.permissions_boundary` must be the ARN of a policy: arn:${local.partition}:iam::ACCOUNT:policy/NAME."
  }
}

variable "tags" {
  description = "Tags of all resources, in addition to the provider's default tags. On the same key, these win."
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
  description = "Target of the trigger: the role that the state machine assumes, the alias of the function that it invokes, the function's timeout in seconds (default: 300), and its transport (`cli`, the default, or `rest`), which decides the first interval between polls."
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
    error_message = "`target.role_arn` must be the ARN of a role in the partition of the source: arn:${local.partition}:iam::ACCOUNT:role/NAME."
  }

  validation {
    condition = can(regex(
      "^arn:${local.partition}:lambda:${local.region}:[0-9]{12}:function:[\\w-]+:[A-Za-z][\\w-]*$", var.target.function_arn
    ))
    error_message = "`target.function_arn` must be the ARN of a function's alias in the partition and Region of the source: arn:${local.partition}:lambda:${local.region}:ACCOUNT:function:NAME:live."
  }

  # "Configure Lambda function timeout" in the AWS Lambda Developer Guide.
  validation {
    condition     = try(var.target.function_timeout >= 1 && var.target.function_timeout <= 900 && floor(var.target.function_timeout) == var.target.function_timeout, false)
    error_message = "`target.function_timeout` must be the function's timeout, a whole number of seconds from 1 to 900, such as 300."
  }

  validation {
    # An ARN without an account is reported above.
    condition     = try(split(":", var.target.role_arn)[4] == split(":", var.target.function_arn)[4], true)
    error_message = "`target.role_arn` and `target.function_arn` must belong to the same account."
  }

  validation {
    condition     = contains(["cli", "rest"], var.target.transport)
    error_message = "`target.transport` must be `cli` or `rest`, as in modules/target."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the executions. Defaults to `false`."
  type        = bool
  nullable    = false
  default     = false
}

variable "wait_for_completion" {
  description = <<-EOT
    Waiting for the DAG run. Defaults to null: the execution ends once it has triggered the DAG run. If set, the
    execution ends when the DAG run does, and fails if the DAG run fails. The first poll comes after 15 s over REST
    and 30 s over the CLI, where each poll starts a process on the web server. Then the interval grows to a quarter of
    the time waited, at most 300 s. `poll_interval_seconds` (5 or more) sets a fixed interval instead.
    `timeout_seconds` is the longest wait since the trigger or the last redrive.
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
