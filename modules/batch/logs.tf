resource "aws_cloudwatch_log_group" "this" {
  # None beside an existing one.
  for_each = toset(var.logging.log_group_name == null ? [local.log_group_name] : [])

  name              = each.key
  kms_key_id        = var.logging.kms_key_arn
  retention_in_days = coalesce(var.logging.retention_in_days, 30)
  tags              = var.tags
}
