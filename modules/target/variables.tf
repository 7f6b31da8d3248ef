variable "airflow_role" {
  description = "Airflow role of the function in each environment, for `transport = \"rest\"`. Defaults to `User`."
  type        = string
  nullable    = false
  default     = "User"

  # It is part of an ARN, in which IAM treats '*' and '?' as wildcards.
  validation {
    condition     = can(regex("^[A-Za-z0-9_.-][A-Za-z0-9_. -]{0,63}$", var.airflow_role))
    error_message = "`airflow_role` must be the name of an Airflow role, such as User, Op or your own: 1 to 64 letters, digits, spaces and _.- only, and no space at the beginning."
  }
}

variable "alarms" {
  description = <<-EOT
    CloudWatch alarms and a dashboard. Defaults to null: none. `actions` are the ARNs of up to 5 actions, such as SNS
    topics, that each alarm starts. The alarms watch errors in the log of the function, throttled invocations and
    invocations that take almost the whole `function.timeout`.
  EOT
  type = object({
    actions = set(string)
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
    error_message = "Each of `alarms.actions` must be the ARN of a topic or another action in the partition and Region of the target: arn:${local.partition}:sns:${local.region}:ACCOUNT:NAME."
  }
}

variable "allowed_dags" {
  description = "By environment, the ids of the DAGs that the function may trigger. An id that ends with `*` is a prefix. An environment without an entry allows all of its DAGs. Defaults to `{}`."
  type        = map(set(string))
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.allowed_dags), var.mwaa_environments)) == 0
    error_message = "Each key of `allowed_dags` must be one of `mwaa_environments`. These are not: ${join(", ", setsubtract(keys(var.allowed_dags), var.mwaa_environments))}."
  }

  validation {
    condition     = alltrue([for dags in values(var.allowed_dags) : length(dags) > 0])
    error_message = "Each environment in `allowed_dags` must have at least one DAG, such as [\"onboarding\"]. Omit the environment to allow all of its DAGs."
  }

  # DAG ids can contain letters beyond ASCII.
  validation {
    condition = alltrue([
      for dag in setunion([], values(var.allowed_dags)...) : can(regex("^[\\pL\\pN_.-]*\\*?$", dag)) && dag != ""
    ])
    error_message = "Each of `allowed_dags` must be a DAG id, such as onboarding, or a prefix that ends with '*', such as team_*."
  }
}

variable "dedicated_invoker_role" {
  description = "Whether sources assume a separate role that can only invoke the function, instead of the function's own role. Defaults to `false`."
  type        = bool
  nullable    = false
  default     = false
}

variable "function" {
  description = <<-EOT
    Options of the Lambda function. `architecture` is `arm64` (the default) or `x86_64`. `code_signing_config_arn` is
    the code signing configuration that checks the zip. `environment` adds environment variables, for example for FIPS
    endpoints, a proxy or a CA bundle. `kms_key_arn` encrypts the environment variables. `memory_size` is in MiB
    (default: 256). `reserved_concurrency` limits concurrent invocations, and 0 stops all of them in an incident.
    `timeout` is in seconds (60 to 900, default: 300). `tracing` switches on X-Ray.
  EOT
  type = object({
    architecture            = optional(string, "arm64")
    code_signing_config_arn = optional(string)
    environment             = optional(map(string), {})
    kms_key_arn             = optional(string)
    memory_size             = optional(number, 256)
    reserved_concurrency    = optional(number)
    timeout                 = optional(number, 300)
    tracing                 = optional(bool, false)
  })
  nullable = false
  default  = {}

  validation {
    condition     = contains(["arm64", "x86_64"], var.function.architecture)
    error_message = "`function.architecture` must be arm64 or x86_64."
  }

  # "CreateFunction" in the AWS Lambda API Reference.
  validation {
    condition = alltrue([
      for arn in var.function.code_signing_config_arn[*] :
      can(regex("^arn:${local.partition}:lambda:${local.region}:${local.account_id}:code-signing-config:csc-[a-z0-9]{17}$", arn))
    ])
    error_message = "`function.code_signing_config_arn` must be the ARN of a code signing configuration of the target account and Region: arn:${local.partition}:lambda:${local.region}:${local.account_id}:code-signing-config:csc-ID."
  }

  # "Working with Lambda environment variables" in the AWS Lambda Developer Guide, with its reserved names.
  validation {
    condition = alltrue([
      for name in keys(var.function.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))
      && !contains(local.reserved_variables, name) && !startswith(name, "AWS_LAMBDA_")
    ])
    error_message = "Each name in `function.environment` must have 2 or more letters, digits and '_', begin with a letter, such as AWS_USE_FIPS_ENDPOINT, and be none of the variables that this module or Lambda sets: ${join(", ", local.reserved_variables)}, AWS_LAMBDA_*."
  }

  # "Lambda quotas" in the AWS Lambda Developer Guide: 4 KiB, measured as JSON. 5,460 characters of base64 are 4,095 bytes.
  validation {
    condition     = length(base64encode(jsonencode(merge(var.function.environment, local.own_variables)))) <= 5460
    error_message = "`allowed_dags` and `function.environment` must be shorter, for example with prefixes such as \"team_*\": the environment variables of a function, which also contain `mwaa_environments` and `trusted_sources`, have at most 4 KiB of JSON."
  }

  validation {
    condition     = alltrue([for key in var.function.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "`function.kms_key_arn` must be the ARN of a key in the partition and Region of the target: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  validation {
    condition     = var.function.memory_size >= 128 && var.function.memory_size <= 10240
    error_message = "`function.memory_size` must be from 128 to 10240 (MiB), such as 256."
  }

  validation {
    condition     = alltrue([for reserved in var.function.reserved_concurrency[*] : reserved >= 0 && floor(reserved) == reserved])
    error_message = "`function.reserved_concurrency` must be a whole number from 0, such as 4. Omit it for no limit. 0 stops all invocations."
  }

  validation {
    condition     = var.function.timeout >= 60 && var.function.timeout <= 900
    error_message = "`function.timeout` must be from 60 to 900 (seconds), such as 300: the function reserves time to check the DAG run, and with less it would send nothing."
  }
}

variable "logging" {
  description = <<-EOT
    Log of the function. `retention_in_days` defaults to 30 (0: indefinitely). `kms_key_arn` encrypts the log group.
    `skip_destroy` keeps the log group when Terraform would delete it. `existing_log_group` replaces the log group of
    this module. Switching to it deletes that log group, unless `skip_destroy` was applied before.
  EOT
  type = object({
    existing_log_group = optional(object({ name = string }))
    kms_key_arn        = optional(string)
    retention_in_days  = optional(number)
    skip_destroy       = optional(bool, false)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for key in var.logging.kms_key_arn[*] : can(regex(local.kms_key_pattern, key))])
    error_message = "`logging.kms_key_arn` must be the ARN of a key in the partition and Region of the target: arn:${local.partition}:kms:${local.region}:ACCOUNT:key/ID."
  }

  # "CreateLogGroup" in the CloudWatch Logs API Reference.
  validation {
    condition     = alltrue([for name in var.logging.existing_log_group[*].name : can(regex("^[A-Za-z0-9_./#-]{1,512}$", name))])
    error_message = "`logging.existing_log_group.name` must be the name of a log group (no ARN), such as /team/mwaa: 1 to 512 letters, digits and _./#- only."
  }

  validation {
    condition = var.logging.existing_log_group == null || (
      var.logging.kms_key_arn == null && var.logging.retention_in_days == null
    )
    error_message = "`logging.kms_key_arn` and `logging.retention_in_days` must be omitted if `logging.existing_log_group` is set: an existing log group keeps its own."
  }
}

variable "mwaa_environments" {
  description = "Names of the MWAA environments, in this account and Region, whose DAGs the function may trigger."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.mwaa_environments) > 0
    error_message = "`mwaa_environments` must name at least one environment, such as [\"analytics\"]."
  }

  # "CreateEnvironment" in the Amazon MWAA API Reference.
  validation {
    condition     = alltrue([for name in var.mwaa_environments : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,79}$", name))])
    error_message = "Each of `mwaa_environments` must be the name of an environment (no ARN), such as analytics: a letter, then letters, digits, '-' and '_', at most 80 in all."
  }
}

variable "name" {
  description = "Name of the Lambda function. The roles and the log group are named after it. Roles exist once for all Regions, so use another name in a second Region of the same account."
  type        = string
  nullable    = false

  # With "-invoker" appended, it is the name of a role (at most 64 characters).
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,56}$", var.name))
    error_message = "`name` must have 1 to 56 letters, digits, '-' and '_', such as data-onboarding."
  }
}

variable "organization_id" {
  description = "Id of your AWS organization. If set, sources must also belong to it (`aws:PrincipalOrgID`). Defaults to null: no such condition."
  type        = string
  default     = null

  # "Organization" in the AWS Organizations API Reference.
  validation {
    condition     = alltrue([for id in var.organization_id[*] : can(regex("^o-[a-z0-9]{10,32}$", id))])
    error_message = "`organization_id` must be the id of an organization, such as o-exampleorgid."
  }
}

variable "package" {
  description = <<-EOT
    Zip of the function: either the `path` of the file that `make package` builds, or an object in S3 in this Region,
    with its `bucket`, `key`, base64-encoded SHA-256 (`source_code_hash`) and, in a bucket with versions,
    `object_version`. It must be the zip of this version of the module. To deploy another build, for example with your
    own changes, set `verify` to `false`.
  EOT
  type = object({
    path             = optional(string)
    bucket           = optional(string)
    key              = optional(string)
    object_version   = optional(string)
    source_code_hash = optional(string)
    verify           = optional(bool, true)
  })
  nullable = false

  validation {
    condition     = (var.package.path == null) != (var.package.bucket == null)
    error_message = "`package` must have either `path`, such as dist/mwaa_dags_trigger.zip, or `bucket`."
  }

  validation {
    # A path that is known only after apply is checked there.
    condition     = var.package.path == null || try(fileexists(var.package.path), false)
    error_message = "`package.path` must be an existing zip file: run `make package`."
  }

  validation {
    condition     = var.package.bucket == null || (var.package.key != null && var.package.source_code_hash != null)
    error_message = "`package.key` and `package.source_code_hash` (`openssl dgst -sha256 -binary FILE | base64`) must be set together with `package.bucket`. Without the hash, Terraform would not detect a new zip under the same key."
  }

  validation {
    condition = var.package.bucket != null || (
      var.package.key == null && var.package.object_version == null && var.package.source_code_hash == null
    )
    error_message = "`package.key`, `package.object_version` and `package.source_code_hash` must be omitted without `package.bucket`."
  }
}

variable "role" {
  description = <<-EOT
    Rules of your organization for roles: `path`, and the ARN of the policy that is the `permissions_boundary`. A new
    path replaces the roles, so apply the sources, which name them, afterwards. If somebody else creates your roles,
    set `existing` to their ARNs (`invoker_arn` together with `dedicated_invoker_role`). The module then creates
    nothing in IAM. The output `iam_policies` contains the policies that these roles need.
  EOT
  type = object({
    existing = optional(object({
      arn         = string
      invoker_arn = optional(string)
    }))
    path                 = optional(string, "/")
    permissions_boundary = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition = alltrue([
      for arn in flatten([for existing in var.role.existing[*] : compact([existing.arn, existing.invoker_arn])]) :
      can(regex("^${local.roles_arn}/[\\w+=,.@/-]+$", arn))
    ])
    error_message = "`role.existing.arn` and `role.existing.invoker_arn` must be ARNs of roles in the target account: ${local.roles_arn}/NAME."
  }

  validation {
    condition     = alltrue([for existing in var.role.existing[*] : (existing.invoker_arn != null) == var.dedicated_invoker_role])
    error_message = "`role.existing.invoker_arn` must be set with `dedicated_invoker_role = true`, and omitted without it."
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

variable "transport" {
  description = "How the function communicates with Airflow: `cli` (the web server's CLI endpoint, the default) or `rest` (Airflow's REST API through MWAA)."
  type        = string
  nullable    = false
  default     = "cli"

  validation {
    condition     = contains(["cli", "rest"], var.transport)
    error_message = "`transport` must be `cli` or `rest`."
  }
}

variable "trusted_sources" {
  description = <<-EOT
    State machines, with their roles, that may invoke the function. Sources that share a target can also use each
    other's run ids. With `by = "role"` (the default) the trust policy names the role as principal, which must exist
    already. With `by = "principal-arn"` it trusts the account and requires the role in `aws:PrincipalArn`: the role
    can be created later or recreated. IAM's default quota of 2,048 characters for a trust policy is enough for about
    6 sources by role, or 11 by principal ARN. An empty list trusts nobody yet.
  EOT
  type = list(object({
    by                = optional(string, "role")
    role_arn          = string
    state_machine_arn = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for source in var.trusted_sources : contains(["principal-arn", "role"], source.by)])
    error_message = "Each `by` in `trusted_sources` must be role or principal-arn."
  }

  validation {
    condition = alltrue([
      for source in var.trusted_sources :
      can(regex("^arn:${local.partition}:iam::[0-9]{12}:role/[\\w+=,.@/-]+$", source.role_arn))
    ])
    error_message = "Each `role_arn` in `trusted_sources` must be the ARN of a role in the partition of the target: arn:${local.partition}:iam::ACCOUNT:role/NAME."
  }

  # "Accessing resources in other AWS accounts in Step Functions": not across Regions. The name can contain only what
  # STS accepts in an external id.
  validation {
    condition = alltrue([
      for source in var.trusted_sources : can(regex(
        "^arn:${local.partition}:states:${local.region}:[0-9]{12}:stateMachine:[\\w+=,.@-]+$", source.state_machine_arn
      ))
    ])
    error_message = "Each `state_machine_arn` in `trusted_sources` must be the ARN of a state machine in the partition and Region of the target, with a name of letters, digits and _+=,.@- only: arn:${local.partition}:states:${local.region}:ACCOUNT:stateMachine:NAME."
  }

  validation {
    # An ARN without an account is reported above.
    condition = alltrue([
      for source in var.trusted_sources :
      try(split(":", source.role_arn)[4] == split(":", source.state_machine_arn)[4], true)
    ])
    error_message = "In each `trusted_sources` entry, `role_arn` and `state_machine_arn` must belong to the same account."
  }
}

variable "vpc" {
  description = "Subnets and security groups of the function, to reach a web server in private networking. Requires `dedicated_invoker_role = true`. Defaults to null: no VPC."
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
    error_message = "`vpc.subnet_ids` must be ids such as subnet-0123456789abcdef0, and `vpc.security_group_ids` ids such as sg-0123456789abcdef0."
  }

  # Lambda creates network interfaces with the function's role and without naming the function. A source with the same
  # role could create some, too.
  validation {
    condition     = var.vpc == null || var.dedicated_invoker_role
    error_message = "`dedicated_invoker_role` must be true if `vpc` is set: with one role for both, a source could create network interfaces in your VPC."
  }
}
