locals {
  errors_page = "docs/operations.md#errors of mwaa-dags-trigger"

  # An alarm on a metric of the function needs both dimensions, because sources invoke the alias ("Types of metrics for
  # Lambda functions").
  alias_dimensions = { FunctionName = var.name, Resource = "${var.name}:live" }
  error_namespace  = "mwaa-dags-trigger/${var.name}"

  # Each sum counts events, so a period without data is a period without events.
  alarms = {
    # The first alarm about a wrong role, environment or policy. No retry helps.
    access-denied = {
      namespace          = local.error_namespace
      metric_name        = "Errors"
      dimensions         = { ErrorType = "AccessDenied" }
      statistic          = "Sum"
      period             = 60
      evaluation_periods = 1
      threshold          = 1
      description        = "AWS or Airflow denied a request of the function. The message in its log names the missing permission (AccessDenied in ${local.errors_page})."
    }
    # An update of the environment takes about half an hour, and executions wait for 3 hours. One waiting execution sends
    # a request every 10 minutes, so shorter periods would have gaps.
    environment-not-ready = {
      namespace          = local.error_namespace
      metric_name        = "Errors"
      dimensions         = { ErrorType = "EnvironmentNotReady" }
      statistic          = "Sum"
      period             = 900
      evaluation_periods = 2
      threshold          = 1
      description        = "Executions have been waiting for an MWAA environment for at least 15 minutes. Check its status. No execution has failed yet (EnvironmentNotReady in ${local.errors_page})."
    }
    # Each invocation fails, until the alias points to another version.
    function-import-failed = {
      namespace          = local.error_namespace
      metric_name        = "Errors"
      dimensions         = { ErrorType = "Runtime.ImportModuleError" }
      statistic          = "Sum"
      period             = 60
      evaluation_periods = 1
      threshold          = 1
      description        = "Lambda cannot import the code of the function (Runtime.ImportModuleError). Compare the version of its alias live with your package, and apply again (docs/deployment.md#upgrade of mwaa-dags-trigger)."
    }
    # Most of them succeed at the next attempt. The 7 attempts of one execution take a few minutes.
    outcomes-unknown = {
      namespace          = local.error_namespace
      metric_name        = "Errors"
      dimensions         = { ErrorType = "OutcomeUnknown" }
      statistic          = "Sum"
      period             = 900
      evaluation_periods = 1
      threshold          = 5
      description        = "Responses of the Airflow web server are lost. Check its load and its network (OutcomeUnknown in ${local.errors_page})."
    }
    # Retries continue for about 50 minutes, at most a minute apart.
    function-throttled = {
      namespace          = "AWS/Lambda"
      metric_name        = "Throttles"
      dimensions         = local.alias_dimensions
      statistic          = "Sum"
      period             = 300
      evaluation_periods = 3
      threshold          = 1
      description        = "Lambda has throttled the function for 15 minutes. Increase function.reserved_concurrency or the limit of the account (docs/operations.md#errors-of-lambda of mwaa-dags-trigger)."
    }
    # Above 80 % of the timeout, a slightly slower web server makes attempts fail. One slow command is no trend.
    function-slow = {
      namespace           = "AWS/Lambda"
      metric_name         = "Duration"
      dimensions          = local.alias_dimensions
      statistic           = "Maximum"
      period              = 300
      evaluation_periods  = 5
      datapoints_to_alarm = 3
      threshold           = 800 * var.function.timeout
      description         = "Invocations take more than 80 % of the function's timeout. Check the load of the Airflow web server, or increase function.timeout (docs/operations.md#errors-of-lambda of mwaa-dags-trigger)."
    }
  }
}

# The runtime logs one line for each failed invocation. Its errorType is the name of the error.
resource "aws_cloudwatch_log_metric_filter" "errors" {
  count = var.alarms == null ? 0 : 1

  name           = "${var.name}-errors"
  log_group_name = local.log_group_name
  pattern        = "{ $.errorType = \"*\" }"

  metric_transformation {
    name       = "Errors"
    namespace  = local.error_namespace
    value      = "1"
    unit       = "Count"
    dimensions = { ErrorType = "$.errorType" }
  }

  # The log group must exist.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for key, alarm in local.alarms : key => alarm if var.alarms != null }

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description
  alarm_actions     = var.alarms.actions
  tags              = var.tags

  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = try(each.value.datapoints_to_alarm, each.value.evaluation_periods)
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.alarms == null ? 0 : 1

  # The source can be in the same account.
  dashboard_name = "${var.name}-target"
  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric", x = 0, y = 0, width = 12, height = 6
        properties = {
          title   = "Errors by type"
          region  = local.region
          period  = 300
          metrics = [[{ expression = "SEARCH('{\"${local.error_namespace}\",ErrorType} MetricName=\"Errors\"', 'Sum')" }]]
        }
      },
      {
        type = "metric", x = 12, y = 0, width = 12, height = 6
        properties = {
          title  = "Throttles and concurrent executions"
          region = local.region
          period = 300
          metrics = [
            ["AWS/Lambda", "Throttles", "FunctionName", var.name, "Resource", "${var.name}:live", { stat = "Sum" }],
            # Lambda has this metric only for whole functions.
            ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", var.name, { stat = "Maximum" }],
          ]
        }
      },
      {
        type = "metric", x = 0, y = 6, width = 12, height = 6
        properties = {
          title  = "Duration"
          region = local.region
          period = 300
          metrics = [for stat in ["p50", "Maximum"] : [
            "AWS/Lambda", "Duration", "FunctionName", var.name, "Resource", "${var.name}:live", { stat = stat }
          ]]
          annotations = { horizontal = [{ label = "Timeout", value = 1000 * var.function.timeout }] }
        }
      },
      {
        type = "log", x = 12, y = 6, width = 12, height = 6
        properties = {
          title  = "Last 20 errors"
          region = local.region
          view   = "table"
          query  = "SOURCE '${local.log_group_name}' | fields @timestamp, errorType, errorMessage | filter ispresent(errorType) | sort @timestamp desc | limit 20"
        }
      },
    ]
  })
}
