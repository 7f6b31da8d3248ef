locals {
  log_groups_arn = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group"
  # Names below /aws/vendedlogs/ keep the CloudWatch Logs resource policy within its size limit (AWS Step Functions
  # Developer Guide, "Using CloudWatch Logs to log execution history").
  log_group_name = var.logging.existing_log_group == null ? "/aws/vendedlogs/states/${var.name}" : var.logging.existing_log_group.name
}

resource "aws_cloudwatch_log_group" "this" {
  count = var.logging.existing_log_group == null ? 1 : 0

  name              = local.log_group_name
  kms_key_id        = var.logging.kms_key_arn
  retention_in_days = coalesce(var.logging.retention_in_days, 30)
  skip_destroy      = var.logging.skip_destroy
  tags              = var.tags
}
