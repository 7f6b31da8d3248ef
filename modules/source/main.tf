data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Every provider from 5.100 to 6 has `region` here. In aws_region it is new in 6, where `id` and `name` are deprecated.
data "aws_service_principal" "current" {
  service_name = "states"
}

# ARNs are computed from names, so that plans show whole policies, and source and target can name each other without
# a cycle.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_service_principal.current.region
  roles_arn  = "arn:${local.partition}:iam::${local.account_id}:role"
  states_arn = "arn:${local.partition}:states:${local.region}:${local.account_id}"

  role_arn          = var.role.existing == null ? "${local.roles_arn}${var.role.path}${local.role_name}" : var.role.existing.arn
  role_name         = "${var.name}-source"
  state_machine_arn = "${local.states_arn}:stateMachine:${var.name}"

  # The alias of a key can be moved to another key, so policies need the key itself.
  kms_key_pattern = "^arn:${local.partition}:kms:${local.region}:[0-9]{12}:key/[A-Za-z0-9-]+$"

  # Step Functions accepts ARNs of up to 256 characters ("CreateStateMachine" in its API Reference).
  max_log_group_name_length = 256 - length("${local.log_groups_arn}::*")
  max_role_path_length      = 256 - length("${local.roles_arn}${local.role_name}")
}
