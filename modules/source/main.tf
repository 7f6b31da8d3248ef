data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

# ARNs are computed from names: the plan then shows whole policies, and source and target can name
# each other without a cycle.
locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.id

  log_group_name    = "/aws/vendedlogs/states/${var.name}"
  role_arn          = "arn:${local.partition}:iam::${local.account_id}:role/${local.role_name}"
  role_name         = "${var.name}-source"
  state_machine_arn = "arn:${local.partition}:states:${local.region}:${local.account_id}:stateMachine:${var.name}"
}
