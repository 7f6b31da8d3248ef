data "aws_partition" "current" {
  provider = aws.source
}

locals {
  partition = data.aws_partition.current.partition
  # Computed, so that the plan shows the whole trust policy.
  schedule_group_arn = "arn:${local.partition}:scheduler:${var.region}:${var.source_account.account_id}:schedule-group/${var.name}"
}

# A group of its own: the role's trust can name no single schedule ("Confused deputy prevention in
# EventBridge Scheduler").
resource "aws_scheduler_schedule_group" "this" {
  provider = aws.source

  name = var.name
}

resource "aws_scheduler_schedule" "nightly" {
  #checkov:skip=CKV_AWS_297:Its input is written out in this configuration: no secret that a key of your own would guard.

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

    # A night may be delivered twice; by this key, its time, it is one DAG run all the same. Written out,
    # because jsonencode would escape the brackets of what the scheduler fills in.
    input = <<-EOT
      {
        "mwaa_env_name": ${jsonencode(var.mwaa_environment)},
        "mwaa_dag_name": ${jsonencode(var.mwaa_dag)},
        "mwaa_dag_conf": ${jsonencode(var.mwaa_dag_conf)},
        "idempotency_key": "${var.name} <aws.scheduler.scheduled-time>"
      }
    EOT
  }

  # The first night may come at once: it needs the permission to start, and what it starts.
  depends_on = [aws_iam_role_policy.scheduler, module.source]
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
