data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Every provider from 5.100 to 6 has `region` here. In aws_region it is new in 6, where `id` and `name` are deprecated.
data "aws_service_principal" "current" {
  service_name = "lambda"
}

# ARNs are computed from names, so that plans show whole policies, and source and target can name each other without
# a cycle.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_service_principal.current.region

  airflow_arn       = "arn:${local.partition}:airflow:${local.region}:${local.account_id}"
  airflow_role_arns = [for name in sort(var.mwaa_environments) : "${local.airflow_arn}:role/${name}/${var.airflow_role}"]
  environment_arns  = [for name in sort(var.mwaa_environments) : "${local.airflow_arn}:environment/${name}"]

  # Sources invoke the alias, so a deployment affects them only once it is complete.
  alias_arn          = "${local.function_arn}:live"
  function_arn       = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${var.name}"
  function_role_name = "${var.name}-target"
  invoker_role_name  = var.dedicated_invoker_role ? "${var.name}-invoker" : local.function_role_name
  # The alias of a key can be moved to another key, so policies need the key itself.
  kms_key_pattern = "^arn:${local.partition}:kms:${local.region}:[0-9]{12}:key/[A-Za-z0-9-]+$"
  log_group_arn   = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${local.log_group_name}"
  log_group_name  = var.logging.existing_log_group == null ? "/aws/lambda/${var.name}" : var.logging.existing_log_group.name

  roles_arn         = "arn:${local.partition}:iam::${local.account_id}:role"
  role_arn_prefix   = "${local.roles_arn}${var.role.path}"
  function_role_arn = var.role.existing == null ? "${local.role_arn_prefix}${local.function_role_name}" : var.role.existing.arn
  invoker_role_arn = (
    !var.dedicated_invoker_role ? local.function_role_arn
    : var.role.existing == null ? "${local.role_arn_prefix}${local.invoker_role_name}"
    : var.role.existing.invoker_arn
  )
}
