resource "aws_cloudwatch_event_rule" "failed" {
  count = var.notifications == null ? 0 : 1

  # At most 64 characters ("PutRule" in the Amazon EventBridge API Reference).
  name        = "${var.name}-failed"
  description = "Executions that failed, timed out or were stopped"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = local.state_machine_arns
      status          = ["ABORTED", "FAILED", "TIMED_OUT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "topic" {
  count = var.notifications == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.failed[0].name
  target_id = "topic"
  arn       = var.notifications.topic_arn

  input_transformer {
    # Not $.detail.input and not $.detail.cause, which contain values of the conf.
    input_paths = {
      error     = "$.detail.error"
      execution = "$.detail.executionArn"
      status    = "$.detail.status"
    }
    # A JSON string, but not from jsonencode, which escapes < and >.
    input_template = "\"The execution <execution> ended as <status> (error: <error>): look up the error in ${local.errors_page}, correct the cause, and redrive the execution within 14 days.\""
  }
}
