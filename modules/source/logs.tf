# Names under /aws/vendedlogs/ keep the size of the CloudWatch Logs resource policy within its limit
# (AWS Step Functions Developer Guide, "Using CloudWatch Logs to log execution history").
resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.logging.retention_in_days
}
