data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Its `region` is in every provider from 5.100 to 6; that of aws_region is new in 6, and its `id` and
# `name` are deprecated there.
data "aws_service_principal" "current" {
  service_name = "states"
}

# ARNs are computed from names: the plan then shows the whole policy.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_service_principal.current.region

  batch_name  = "${var.name}-batch"
  bucket_arn  = "arn:${local.partition}:s3:::${var.bucket}"
  results_key = "${var.prefix}results"
  states      = "arn:${local.partition}:states:${local.region}:${local.account_id}"

  # An alias of a key may come to mean another one: a policy wants the key.
  kms_key_pattern = "^arn:${local.partition}:kms:${local.region}:[0-9]{12}:key/[A-Za-z0-9-]+$"
  log_group_arn   = "${local.log_groups_arn}:${local.log_group_name}"
  log_groups_arn  = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group"
  # Names under /aws/vendedlogs/ keep the size of the CloudWatch Logs resource policy within its limit
  # (AWS Step Functions Developer Guide, "Using CloudWatch Logs to log execution history").
  log_group_name    = coalesce(var.logging.log_group_name, "/aws/vendedlogs/states/${local.batch_name}")
  onboarding_name   = element(split(":", var.onboarding.state_machine_arn), 6)
  role_arn          = "${local.roles_arn}${var.role.path}${local.batch_name}"
  roles_arn         = "arn:${local.partition}:iam::${local.account_id}:role"
  state_machine_arn = "${local.states}:stateMachine:${local.batch_name}"

  # Step Functions accepts ARNs of up to 256 characters ("CreateStateMachine" in its API Reference).
  max_log_group_name_length = 256 - length("${local.log_groups_arn}::*")
  max_role_path_length      = 256 - length("${local.roles_arn}${local.batch_name}")
}
