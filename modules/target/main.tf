data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Its `region` is in every provider from 5.100 to 6; that of aws_region is new in 6, and its `id` and
# `name` are deprecated there.
data "aws_service_principal" "current" {
  service_name = "lambda"
}

# ARNs are computed from names: the plan then shows whole policies, and source and target can name
# each other without a cycle.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_service_principal.current.region

  airflow_arn       = "arn:${local.partition}:airflow:${local.region}:${local.account_id}"
  airflow_role_arns = [for name in sort(var.mwaa_environments) : "${local.airflow_arn}:role/${name}/${var.airflow_role}"]
  environment_arns  = [for name in sort(var.mwaa_environments) : "${local.airflow_arn}:environment/${name}"]

  # Sources invoke the alias, so that a deployment changes nothing under them until it is whole.
  alias_arn          = "${local.function_arn}:live"
  function_arn       = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}"
  function_role_name = "${var.name}-target"
  invoker_role_name  = var.dedicated_invoker_role ? "${var.name}-invoker" : local.function_role_name
  # An alias of a key may come to mean another one: a policy wants the key.
  kms_key_pattern = "^arn:${local.partition}:kms:${local.region}:[0-9]{12}:key/[A-Za-z0-9-]+$"
  log_group_arn   = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${local.log_group_name}"
  log_group_name  = coalesce(var.logging.log_group_name, "/aws/lambda/${var.name}")
  role_arn_prefix = "arn:${local.partition}:iam::${local.account_id}:role${var.role.path}"
}
