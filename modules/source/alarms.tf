locals {
  errors_page = "docs/operations.md#errors of mwaa-dags-trigger"

  # The metrics of Step Functions have one dimension ("Monitoring Step Functions metrics using Amazon CloudWatch"). One
  # execution that ended badly is one DAG run that may be missing, so the first one fires.
  execution_alarms = {
    execution-failed = {
      metric_name       = "ExecutionsFailed"
      state_machine_arn = local.state_machine_arn
      description       = "An execution failed. Look up its error in ${local.errors_page}, correct the cause, and redrive the execution."
    }
    execution-timed-out = {
      metric_name       = "ExecutionsTimedOut"
      state_machine_arn = local.state_machine_arn
      description       = "An execution timed out, and its DAG run may still be running. Look up its last error in ${local.errors_page}, and redrive the execution."
    }
  }

  # A batch stops its other executions when it fails. Therefore, only an aborted batch is somebody's decision.
  batch_alarms = {
    batch-failed = {
      metric_name       = "ExecutionsFailed"
      state_machine_arn = local.batch_arn
      description       = "A batch failed. Run `mwaa-dags status BATCH`, correct the causes (${local.errors_page}), and redrive the batch."
    }
    batch-timed-out = {
      metric_name       = "ExecutionsTimedOut"
      state_machine_arn = local.batch_arn
      description       = "A batch timed out. Run `mwaa-dags status BATCH`, correct the causes (${local.errors_page}), and redrive the batch."
    }
    batch-aborted = {
      metric_name       = "ExecutionsAborted"
      state_machine_arn = local.batch_arn
      description       = "Somebody stopped a batch. Redrive it to continue with the items that have not succeeded (docs/batches.md#redrive of mwaa-dags-trigger)."
    }
  }

  state_machine_arns = concat([local.state_machine_arn], var.batch == null ? [] : [local.batch_arn])
}

resource "aws_cloudwatch_metric_alarm" "executions" {
  for_each = merge(
    { for key, alarm in local.execution_alarms : key => alarm if var.alarms != null },
    { for key, alarm in local.batch_alarms : key => alarm if var.alarms != null && var.batch != null },
  )

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description
  alarm_actions     = var.alarms.actions
  tags              = var.tags

  namespace           = "AWS/States"
  metric_name         = each.value.metric_name
  dimensions          = { StateMachineArn = each.value.state_machine_arn }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  # Without executions, Step Functions sends no data.
  treat_missing_data = "notBreaching"
}

# The only sign of a schedule that stopped.
resource "aws_cloudwatch_metric_alarm" "no_success" {
  count = length([for alarms in var.alarms[*] : alarms.schedule if alarms.schedule != null])

  alarm_name        = "${var.name}-no-execution-succeeded"
  alarm_description = "No execution has succeeded for ${var.alarms.schedule.hours} hours. Check the schedule, and look up the errors of failed executions in ${local.errors_page}."
  alarm_actions     = var.alarms.actions
  tags              = var.tags

  namespace   = "AWS/States"
  metric_name = "ExecutionsSucceeded"
  dimensions  = { StateMachineArn = local.state_machine_arn }
  statistic   = "Sum"
  # Hours in a row rather than one long period: CloudWatch also looks at periods before the last ones, and would notice a
  # missing period of a day only days later ("Configuring how CloudWatch alarms treat missing data").
  period              = 3600
  evaluation_periods  = var.alarms.schedule.hours
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.alarms == null ? 0 : 1

  # The target can be in the same account.
  dashboard_name = "${var.name}-source"
  dashboard_body = jsonencode({
    widgets = [for index, widget in [
      {
        title = "Executions by end"
        stat  = "Sum"
        metrics = flatten([for arn in local.state_machine_arns : [
          for metric in ["ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] :
          { row = ["AWS/States", metric, "StateMachineArn", arn] }
        ]])
      },
      {
        title   = "Execution time, p95"
        stat    = "p95"
        metrics = [for arn in local.state_machine_arns : { row = ["AWS/States", "ExecutionTime", "StateMachineArn", arn] }]
      },
      {
        title = "Open executions of all state machines in the account"
        stat  = "Maximum"
        # AWS does not document the dimensions of this metric.
        metrics = [{ row = [{ expression = "SEARCH('Namespace=\"AWS/States\" MetricName=\"OpenExecutionCount\"', 'Maximum')" }] }]
      },
      ] : {
      type   = "metric"
      x      = index % 2 * 12
      y      = floor(index / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = local.region
        stat    = widget.stat
        period  = 300
        metrics = widget.metrics[*].row
      }
    }]
  })
}
