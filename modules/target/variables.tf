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

variable "allowed_dags" {
  description = "By environment, the ids of the DAGs that may be triggered there; one that ends with '*' stands for all that begin so. An environment that is not named here: all of its DAGs."
  type        = map(set(string))
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.allowed_dags), var.mwaa_environments)) == 0
    error_message = "Name in allowed_dags only environments that are in mwaa_environments; not among them: ${join(", ", setsubtract(keys(var.allowed_dags), var.mwaa_environments))}."
  }

  validation {
    condition     = alltrue([for dags in values(var.allowed_dags) : length(dags) > 0])
    error_message = "Name at least one DAG for each environment of allowed_dags, or leave the environment out to allow all."
  }

  # Airflow's DAG ids may hold letters beyond ASCII.
  validation {
    condition = alltrue([
      for dag in setunion([], values(var.allowed_dags)...) : can(regex("^[\\pL\\pN_.-]*\\*?$", dag)) && dag != ""
    ])
    error_message = "Write each of allowed_dags as a DAG id, or as the beginning of one with '*' behind it and nowhere else."
  }

  # "Lambda quotas" in the AWS Lambda Developer Guide: 4 KiB, measured as JSON. 5,460 characters of base64 are 4,095 bytes.
  validation {
    condition     = length(base64encode(jsonencode({ ALLOWED_DAGS = jsonencode(var.allowed_dags), MWAA_ENVIRONMENTS = jsonencode(var.mwaa_environments), TRANSPORT = "rest", TRUSTED_STATE_MACHINES = jsonencode(var.trusted_sources[*].state_machine_arn) }))) <= 5460
    error_message = "`allowed_dags` must be shorter, for example with prefixes such as \"team_*\": a function's environment variables, which also contain `mwaa_environments` and `trusted_sources`, have at most 4 KiB of JSON."
  }
}

variable "dedicated_invoker_role" {
  description = "Whether sources assume a role that may do nothing but invoke the function, rather than the function's own role."
  type        = bool
  nullable    = false
  default     = false
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

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "Write function.architecture as arm64 or x86_64."
  }

  validation {
    condition     = alltrue([for key in var.function.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "Give function.kms_key_arn a key of the target's partition and Region: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  validation {
    condition     = var.function.memory_size >= 128 && var.function.memory_size <= 10240
    error_message = "Write function.memory_size as 128 to 10240 (MiB)."
  }

  validation {
    condition     = alltrue([for reserved in var.function.reserved_concurrency[*] : reserved >= 1 && floor(reserved) == reserved])
    error_message = "Write function.reserved_concurrency as a whole number from 1, or leave it out; with 0 the function would never run."
  }

  validation {
    condition     = var.function.timeout >= 60 && var.function.timeout <= 900
    error_message = "Write function.timeout as 60 to 900 (seconds): the function keeps time back for a look whether the DAG run is there, and with less would send nothing."
  }
}

variable "logging" {
  description = <<-EOT
    The function's log: for how many days it is kept (30 if left out, 0: for ever) and the key that
    encrypts it; or the name of an existing log group, and neither of both. Changing to an existing one
    deletes the log group that was made here.
  EOT
  type = object({
    kms_key_arn       = optional(string)
    log_group_name    = optional(string)
    retention_in_days = optional(number)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for key in var.logging.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "Give logging.kms_key_arn a key of the target's partition and Region: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "CreateLogGroup" in the CloudWatch Logs API Reference.
  validation {
    condition     = alltrue([for name in var.logging.log_group_name[*] : can(regex("^[A-Za-z0-9_./#-]{1,512}$", name))])
    error_message = "Write logging.log_group_name as the name of a log group (no ARN): letters, digits and _ . / # - only, at most 512 of them."
  }

  validation {
    condition     = var.logging.log_group_name == null || (var.logging.kms_key_arn == null && var.logging.retention_in_days == null)
    error_message = "Leave out logging.retention_in_days and logging.kms_key_arn beside logging.log_group_name: an existing log group keeps its own."
  }
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
  description = <<-EOT
    The Lambda's zip: its path, as `make package` builds it; or the bucket and key of an object in S3,
    in this Region, with its base64-encoded SHA-256 and, if the bucket has versions, its version.
  EOT
  type = object({
    path             = optional(string)
    bucket           = optional(string)
    key              = optional(string)
    object_version   = optional(string)
    source_code_hash = optional(string)
  })
  nullable = false

  validation {
    condition     = (var.package.path == null) != (var.package.bucket == null)
    error_message = "Give package either a path or a bucket."
  }

  validation {
    # A module may leave it to be known at apply: then Terraform looks at it there.
    condition     = var.package.path == null || try(fileexists(var.package.path), false)
    error_message = "The Lambda's zip is not there: run `make package`."
  }

  validation {
    condition     = var.package.bucket == null || (var.package.key != null && var.package.source_code_hash != null)
    error_message = "Beside package.bucket give package.key and package.source_code_hash (`openssl dgst -sha256 -binary FILE | base64`): without the hash a new zip under the same key would not be seen."
  }

  validation {
    condition = var.package.bucket != null || (
      var.package.key == null && var.package.object_version == null && var.package.source_code_hash == null
    )
    error_message = "Give package.key, package.object_version and package.source_code_hash only beside package.bucket."
  }
}

variable "role" {
  description = "For accounts that demand them: the path of the roles that are made here, and the ARN of the policy that is their permissions boundary. Changing the path replaces the roles: who trusts or names them has to apply after it."
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
  description = "State machines, with their roles, that may trigger DAG runs, so that several sources can share these environments. About 7 at most, because IAM's default quota for a trust policy is 2,048 characters. The roles must exist already."
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

variable "vpc" {
  description = "To reach a web server in private networking: the subnets and security groups of the function. It needs dedicated_invoker_role."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null

  # "VpcConfig" in the AWS Lambda API Reference.
  validation {
    condition     = alltrue([for vpc in var.vpc[*] : contains(range(1, 17), length(vpc.subnet_ids)) && contains(range(1, 6), length(vpc.security_group_ids))])
    error_message = "`vpc` must have 1 to 16 `subnet_ids` and 1 to 5 `security_group_ids`."
  }

  validation {
    condition = alltrue(flatten([for vpc in var.vpc[*] : [
      [for id in vpc.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))],
      [for id in vpc.security_group_ids : can(regex("^sg-[0-9a-f]+$", id))],
    ]]))
    error_message = "Write vpc.subnet_ids as ids such as subnet-0123456789abcdef0, and vpc.security_group_ids as ids such as sg-0123456789abcdef0."
  }

  # Lambda makes the network interfaces as the function's role, without naming the function: a source
  # that holds the same role could make some, too.
  validation {
    condition     = var.vpc == null || var.dedicated_invoker_role
    error_message = "Set dedicated_invoker_role = true beside vpc: with one role for both, a source could make network interfaces in your VPC."
  }
}
