data "aws_partition" "current" {
  provider = aws.source
}

locals {
  partition = data.aws_partition.current.partition
  # Computed, so that the plan shows the whole trust policy.
  schedule_group_arn = "arn:${local.partition}:scheduler:${var.region}:${var.source_account.account_id}:schedule-group/${var.name}"
}

# Its own group, because a trust policy can name only groups ("Confused deputy prevention in EventBridge Scheduler").
resource "aws_scheduler_schedule_group" "this" {
  provider = aws.source

  name = var.name
}

resource "aws_scheduler_schedule" "nightly" {
  #checkov:skip=CKV_AWS_297:Its input is part of this configuration and contains no secrets.

  provider = aws.source

  name                         = "nightly"
  description                  = "Starts one DAG run of ${var.mwaa_dag} each night"
  group_name                   = aws_scheduler_schedule_group.this.name
  schedule_expression          = var.schedule.expression
  schedule_expression_timezone = var.schedule.timezone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.source.state_machine_arn
    role_arn = aws_iam_role.scheduler.arn

    # The scheduler may deliver a night twice. With its time as key, both executions share one DAG run. This is a text,
    # because jsonencode would escape the brackets that the scheduler replaces.
    input = <<-EOT
      {
        "mwaa_env_name": ${jsonencode(var.mwaa_environment)},
        "mwaa_dag_name": ${jsonencode(var.mwaa_dag)},
        "mwaa_dag_conf": ${jsonencode(var.mwaa_dag_conf)},
        "idempotency_key": "${var.name} <aws.scheduler.scheduled-time>"
      }
    EOT
  }

  # The first night may be now, and needs the permission.
  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_iam_role" "scheduler" {
  provider = aws.source

  name        = "${var.name}-scheduler"
  description = "Lets EventBridge Scheduler start the state machine ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.schedule_group_arn }
        StringEquals = { "aws:SourceAccount" = var.source_account.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  provider = aws.source

  name = "start-execution"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "StartExecution"
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = module.source.state_machine_arn
    }]
  })
}
