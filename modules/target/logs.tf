resource "aws_cloudwatch_log_group" "this" {
  count = var.logging.existing_log_group == null ? 1 : 0

  name              = local.log_group_name
  kms_key_id        = var.logging.kms_key_arn
  retention_in_days = coalesce(var.logging.retention_in_days, 30)
  skip_destroy      = var.logging.skip_destroy
  tags              = var.tags
}
