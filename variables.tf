variable "airflow_role" {
  description = "Airflow role of the function in each environment, for `transport = \"rest\"`. Defaults to `User`."
  type        = string
  nullable    = false
  default     = "User"
}

variable "allowed_dags" {
  description = "By environment, the ids of the DAGs that the function may trigger. An id that ends with `*` is a prefix. An environment without an entry allows all of its DAGs. Defaults to `{}`."
  type        = map(set(string))
  nullable    = false
  default     = {}
}

variable "batch" {
  description = <<-EOT
    Second state machine, which starts one execution for each item of a list. Defaults to null: no batches. The items
    are in the input, or in objects of `bucket` (in the source account and Region) whose keys begin with `prefix`. The
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
}

variable "dedicated_invoker_role" {
  description = "Whether sources assume a separate role that can only invoke the function, instead of the function's own role. Defaults to `false`."
  type        = bool
  nullable    = false
  default     = false
}

variable "encryption" {
  description = <<-EOT
    ARN of a KMS key in this Region, in the source account or another account, that encrypts the definition, input,
    output and history of the state machines. Defaults to null: a key of AWS. A data key is reused for
    `data_key_reuse_period_seconds` (60 to 900, default: 300). Change or remove the key while no execution is running:
    executions keep the key that they started with.
  EOT
  type = object({
    kms_key_arn                   = string
    data_key_reuse_period_seconds = optional(number, 300)
  })
  default = null
}

variable "environment" {
  description = "Suffix of all resource names. Defaults to the workspace. Set it if you keep one directory or state per environment."
  type        = string
  default     = null
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
}

variable "logging" {
  description = <<-EOT
    Log of the executions. `level` is `ALL`, `ERROR` (the default), `FATAL` or `OFF`. The log of batches has its own
    level, `batch.log_level`. `include_execution_data` adds input and output. Without it, the log still contains the
    causes of failures, and at level `ALL` possibly the arguments of tasks, including `mwaa_dag_conf`.
    `retention_in_days` also applies to the log of the function. It defaults to 30 (0: indefinitely), and existing log
    groups keep their own.
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
  description = "Names of the MWAA environments, in the target account, whose DAGs the function may trigger."
  type        = set(string)
  nullable    = false
}

variable "name" {
  description = "First part of all resource names. `environment` is the last. Defaults to `mwaa-dags-trigger`. Roles exist once for all Regions, so use another name in a second Region of the same accounts."
  type        = string
  nullable    = false
  default     = "mwaa-dags-trigger"

  validation {
    # Terraform requires that a condition names its variable.
    condition     = "${var.name}-${local.environment}" != "${var.name}-default"
    error_message = "The workspace must not be default, because it is the last part of all names: run `terraform workspace select -or-create NAME` first, or set `environment`."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,56}$", "${var.name}-${local.environment}")) && !endswith("-${local.environment}", "-batch")
    error_message = "`name` and `environment` (or the workspace) must have letters, digits, '-' and '_' only, at most 55 of both together, such as data-onboarding and staging. The environment must not be batch or end with -batch, the suffix of the batch state machine."
  }
}

variable "notifications" {
  description = "SNS topic, in the source account and Region, that receives one sentence for each execution that failed, timed out or was stopped: the execution, its status, its error (omitted with `encryption`) and what to do. Defaults to null: none. The policy of the topic must allow `events.amazonaws.com` to publish."
  type = object({
    topic_arn = string
  })
  default = null
}

variable "organization_id" {
  description = "Id of your AWS organization. If set, sources must also belong to it (`aws:PrincipalOrgID`). Defaults to null: no such condition."
  type        = string
  default     = null
}

variable "package" {
  description = <<-EOT
    Zip of the function. Defaults to the file that `make package` builds. Otherwise either the `path` of a file, or an
    object in S3 in this Region, with its `bucket`, `key`, base64-encoded SHA-256 (`source_code_hash`) and, in a
    bucket with versions, `object_version`. It must be the zip of this version. To deploy another build, for example
    with your own changes, set `verify` to `false`.
  EOT
  type = object({
    path             = optional(string)
    bucket           = optional(string)
    key              = optional(string)
    object_version   = optional(string)
    source_code_hash = optional(string)
    verify           = optional(bool, true)
  })
  default = null
}

variable "preliminary_tasks" {
  description = <<-EOT
    Lambda functions that run before the trigger, in this order. Defaults to none. Each function receives the input of
    the execution together with the results of the previous functions. Its own result is stored at `result_path`, such
    as `$.status`, or dropped if you omit it. Each function must be idempotent: retries and redrives run it again. The
    policy of a function in another account must allow the role of the state machine to invoke it.
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
  description = "Region of both accounts. Step Functions cannot assume a role for another Region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+-[0-9]+$", var.region))
    error_message = "`region` must be the code of a Region, such as eu-central-1."
  }
}

variable "source_account" {
  description = <<-EOT
    Account of the state machine. `assume_role_arn` is the role that deploys to it. Omit it if your own credentials
    belong to the account. `alarms` starts `actions` (ARNs of SNS topics or other actions): see `modules/source`.
    `logging` and `role` are the rules of your organization.
  EOT
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
    alarms = optional(object({
      actions  = set(string)
      schedule = optional(object({ hours = number }))
    }))
    logging = optional(object({
      existing_log_group = optional(object({ name = string }))
      kms_key_arn        = optional(string)
      skip_destroy       = optional(bool, false)
    }), {})
    role = optional(object({
      existing = optional(object({
        arn       = string
        batch_arn = optional(string)
      }))
      path                 = optional(string, "/")
      permissions_boundary = optional(string)
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.source_account.account_id))
    error_message = "`source_account.account_id` must have 12 digits, in quotes, such as \"111111111111\"."
  }
}

variable "tags" {
  description = "Tags of all resources, in addition to Project (`name`) and Environment. On the same key, these win."
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
    error_message = "`tags` must have at most 48 keys in addition to Environment and Project: AWS accepts 50."
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
    Account of MWAA and the function. It can be the same as the source account. `assume_role_arn` is the role that
    deploys to it. Omit it if your own credentials belong to the account. `alarms` starts `actions`
    (ARNs of SNS topics or other actions): see `modules/target`. `logging` and `role` are the rules of your
    organization.
  EOT
  type = object({
    account_id      = string
    assume_role_arn = optional(string)
    alarms          = optional(object({ actions = set(string) }))
    logging = optional(object({
      existing_log_group = optional(object({ name = string }))
      kms_key_arn        = optional(string)
      skip_destroy       = optional(bool, false)
    }), {})
    role = optional(object({
      existing = optional(object({
        arn         = string
        invoker_arn = optional(string)
      }))
      path                 = optional(string, "/")
      permissions_boundary = optional(string)
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.target_account.account_id))
    error_message = "`target_account.account_id` must have 12 digits, in quotes, such as \"111111111111\"."
  }
}

variable "tracing" {
  description = "Whether X-Ray traces the executions. Defaults to `false`. `function.tracing` traces the function."
  type        = bool
  nullable    = false
  default     = false
}

variable "transport" {
  description = "How the function communicates with Airflow: `cli` (the web server's CLI endpoint, the default) or `rest` (Airflow's REST API through MWAA)."
  type        = string
  nullable    = false
  default     = "cli"
}

variable "trusted_sources" {
  description = <<-EOT
    Further state machines, with their roles, that may invoke the function. Defaults to none. Sources that share a
    target can also use each other's run ids. With `by = "role"` (the default) the trust policy names the role as
    principal, which must exist already. With `by = "principal-arn"` it trusts the account and requires the role in
    `aws:PrincipalArn`: the role can be created later or recreated. IAM's default quota of 2,048 characters for a
    trust policy is enough for about 5 of them by role, or 10 by principal ARN.
  EOT
  type = list(object({
    by                = optional(string, "role")
    role_arn          = string
    state_machine_arn = string
  }))
  nullable = false
  default  = []
}

variable "vpc" {
  description = "Subnets and security groups of the function, to reach a web server in private networking. Requires `dedicated_invoker_role = true`. Defaults to null: no VPC."
  type = object({
    security_group_ids = set(string)
    subnet_ids         = set(string)
  })
  default = null
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
}
