variable "bucket" {
  description = "Bucket of this account and Region that holds the items and the results of batches."
  type        = string
  nullable    = false

  # "General purpose bucket naming rules" in the Amazon S3 User Guide.
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket)) && !strcontains(var.bucket, "..")
    error_message = "Write bucket as the name of a bucket (no ARN, no s3://): 3 to 63 lower-case letters, digits, '-' and '.'."
  }
}

variable "encryption" {
  description = "Key of this account and Region that encrypts the definition, inputs, outputs and history of the state machine, and for how many seconds a data key of it is used again (60 to 900)."
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
    Log of the batches. `level` is ALL, ERROR, FATAL or OFF, the default: every other level logs the causes of
    failed items, which quote the input of the item, values of the conf included. `include_execution_data` adds
    all input and output. `retention_in_days` defaults to 30 (0: indefinitely), and `kms_key_arn` is the key that
    encrypts the log; omit both if `log_group_name` names an existing log group. Changing to an existing log group
    deletes the one created here.
  EOT
  type = object({
    include_execution_data = optional(bool, false)
    kms_key_arn            = optional(string)
    level                  = optional(string, "OFF")
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

variable "max_concurrency" {
  description = "How many onboardings run at once; where they wait for their DAG runs, this is the number of DAG runs at once. MWAA's web server takes about 4 commands at once."
  type        = number
  nullable    = false
  default     = 4

  # "Using Map state in Distributed mode": 10,000 children at once.
  validation {
    condition     = var.max_concurrency >= 1 && var.max_concurrency <= 10000 && floor(var.max_concurrency) == var.max_concurrency
    error_message = "Write max_concurrency as a whole number from 1 to 10000."
  }
}

variable "name" {
  description = "Name of the onboarding; the state machine, its role and its log group are named after it, with -batch behind it."
  type        = string
  nullable    = false

  # As in modules/source: with "-source" behind it that of a role (at most 64 characters).
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,57}$", var.name))
    error_message = "Write name with letters, digits, '-' and '_' only, at most 57 of them."
  }
}

variable "onboarding" {
  description = "The state machine of one onboarding, and for how many seconds an execution of it may run: longer than it tries and waits. An onboarding that takes longer fails, although its execution may still run; a redrive starts another execution, which finds the same DAG run."
  type = object({
    state_machine_arn = string
    timeout_seconds   = optional(number, 86400)
  })
  nullable = false

  validation {
    condition     = can(regex("^${local.states}:stateMachine:[A-Za-z0-9_-]+$", var.onboarding.state_machine_arn))
    error_message = "Give onboarding.state_machine_arn a state machine of this account and Region: ${local.states}:stateMachine:NAME."
  }

  # "TimeoutSeconds" in the Amazon States Language.
  validation {
    condition     = try(var.onboarding.timeout_seconds >= 1 && var.onboarding.timeout_seconds <= 99999999 && floor(var.onboarding.timeout_seconds) == var.onboarding.timeout_seconds, false)
    error_message = "`onboarding.timeout_seconds` must be a whole number of seconds from 1 to 99999999, such as 86400."
  }
}

variable "prefix" {
  description = "What the keys in the bucket begin with: of the objects that hold items, and, with results/ behind it, of the results."
  type        = string
  nullable    = false
  default     = "batches/"

  # It stands in a policy, where * and ? are wildcards, and in texts of the definition.
  validation {
    condition     = can(regex("^([A-Za-z0-9_.=-]+/)+$", var.prefix))
    error_message = "Write prefix with a slash at its end and none before, such as teams/data/batches/: letters, digits and _ . = - only."
  }
}

variable "role" {
  description = "For accounts that demand them: the path of the role that is made here, and the ARN of the policy that is its permissions boundary."
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

variable "tolerated_failure_percentage" {
  description = "Percentage of the items that may fail before the batch starts no more of them and fails. Defaults to 0: the first failure ends the batch. 100 counts as 99, so that a batch in which every item fails never succeeds. A redrive continues with the items that have not succeeded."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition     = var.tolerated_failure_percentage >= 0 && var.tolerated_failure_percentage <= 100 && floor(var.tolerated_failure_percentage) == var.tolerated_failure_percentage
    error_message = "Write tolerated_failure_percentage as a whole number from 0 to 100."
  }
}
