# Every value of both modules is known only after apply, as if other resources of the same apply provided it. Known are
# only the flags and the presence of objects, which decide what is created.

resource "terraform_data" "text" {
  for_each = toset([
    "airflow_role", "alarm_action", "batch_bucket", "batch_log_level", "batch_prefix", "boundary", "code_signing_config_arn", "dag",
    "environment_name", "environment_value", "function_arn", "function_kms_key_arn", "kms_key_arn", "lambda_arn",
    "log_group_name", "log_level", "name", "organization_id", "package_path", "package_bucket", "package_hash",
    "package_key", "package_version", "path", "result_path", "role_arn", "second_role_arn", "security_group_id",
    "state_machine_arn", "subnet_id", "tag", "topic_arn", "transport",
  ])
  input = each.key
}

resource "terraform_data" "number" {
  for_each = toset([
    "concurrency", "data_key_seconds", "hours", "memory_size", "percentage", "poll_interval", "reserved_concurrency",
    "retention_in_days", "timeout", "wait_timeout",
  ])
  input = 1
}

resource "terraform_data" "flag" {
  input = true
}

locals {
  text   = { for key, value in terraform_data.text : key => value.output }
  number = { for key, value in terraform_data.number : key => value.output }
  flag   = terraform_data.flag.output

  target = {
    role_arn         = local.text.role_arn
    function_arn     = local.text.function_arn
    function_timeout = local.number.timeout
    transport        = local.text.transport
  }

  trusted_sources = [
    for by in ["role", "principal-arn"] : {
      by                = by
      role_arn          = local.text.role_arn
      state_machine_arn = local.text.state_machine_arn
    }
  ]
}

module "source" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name   = local.text.name
  alarms = { actions = [local.text.alarm_action], schedule = { hours = local.number.hours } }
  batch = {
    bucket                       = local.text.batch_bucket
    log_level                    = local.text.batch_log_level
    max_concurrency              = local.number.concurrency
    prefix                       = local.text.batch_prefix
    tolerated_failure_percentage = local.number.percentage
  }
  encryption = { kms_key_arn = local.text.kms_key_arn, data_key_reuse_period_seconds = local.number.data_key_seconds }
  logging = {
    include_execution_data = local.flag
    kms_key_arn            = local.text.kms_key_arn
    level                  = local.text.log_level
    retention_in_days      = local.number.retention_in_days
    skip_destroy           = local.flag
  }
  notifications       = { topic_arn = local.text.topic_arn }
  preliminary_tasks   = [{ name = local.text.name, lambda_arn = local.text.lambda_arn, result_path = local.text.result_path }]
  role                = { path = local.text.path, permissions_boundary = local.text.boundary }
  tags                = { Team = local.text.tag }
  target              = local.target
  tracing             = local.flag
  wait_for_completion = { poll_interval_seconds = local.number.poll_interval, timeout_seconds = local.number.wait_timeout }
}

# Lists that are known only after apply as a whole, and existing resources.
module "source_with_existing" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name              = local.text.name
  alarms            = { actions = terraform_data.actions.output }
  batch             = { bucket = local.text.batch_bucket }
  logging           = { existing_log_group = { name = local.text.log_group_name } }
  preliminary_tasks = terraform_data.tasks.output
  role              = { existing = { arn = local.text.role_arn, batch_arn = local.text.second_role_arn } }
  target            = local.target
}

resource "terraform_data" "actions" {
  input = ["arn:aws:sns:eu-central-1:111111111111:on-call"]
}

resource "terraform_data" "tasks" {
  input = [{ name = "a", lambda_arn = "arn:aws:lambda:eu-central-1:111111111111:function:a" }]
}

module "target" {
  source    = "../../../../modules/target"
  providers = { aws = aws.target }

  name                   = local.text.name
  airflow_role           = local.text.airflow_role
  alarms                 = { actions = [local.text.alarm_action] }
  allowed_dags           = { (local.text.environment_name) = [local.text.dag] }
  dedicated_invoker_role = true
  function = {
    architecture            = "arm64"
    code_signing_config_arn = local.text.code_signing_config_arn
    environment             = { CA_BUNDLE = local.text.environment_value }
    kms_key_arn             = local.text.function_kms_key_arn
    memory_size             = local.number.memory_size
    reserved_concurrency    = local.number.reserved_concurrency
    timeout                 = local.number.timeout
    tracing                 = local.flag
  }
  logging = {
    kms_key_arn       = local.text.kms_key_arn
    retention_in_days = local.number.retention_in_days
    skip_destroy      = local.flag
  }
  mwaa_environments = [local.text.environment_name]
  organization_id   = local.text.organization_id
  package = {
    bucket           = local.text.package_bucket
    key              = local.text.package_key
    object_version   = local.text.package_version
    source_code_hash = local.text.package_hash
  }
  role            = { path = local.text.path, permissions_boundary = local.text.boundary }
  tags            = { Team = local.text.tag }
  transport       = local.text.transport
  trusted_sources = local.trusted_sources
  vpc             = { security_group_ids = [local.text.security_group_id], subnet_ids = [local.text.subnet_id] }
}

module "target_with_existing" {
  source    = "../../../../modules/target"
  providers = { aws = aws.target }

  name                   = local.text.name
  dedicated_invoker_role = true
  logging                = { existing_log_group = { name = local.text.log_group_name } }
  mwaa_environments      = terraform_data.environments.output
  package                = { path = local.text.package_path }
  role                   = { existing = { arn = local.text.role_arn, invoker_arn = local.text.second_role_arn } }
  trusted_sources        = terraform_data.sources.output
}

resource "terraform_data" "environments" {
  input = ["analytics"]
}

resource "terraform_data" "sources" {
  input = local.trusted_sources
}
