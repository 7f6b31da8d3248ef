resource "aws_iam_role" "this" {
  name        = local.role_name
  description = "Runs the state machine ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.state_machine_arn }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "run-state-machine"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # IAM refuses a statement without a resource.
      length(var.preliminary_tasks) == 0 ? [] : [{
        Sid      = "InvokePreliminaryTasks"
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = distinct(var.preliminary_tasks[*].lambda_arn)
      }],
      [
        {
          Sid      = "AssumeTargetRole"
          Effect   = "Allow"
          Action   = "sts:AssumeRole"
          Resource = var.target.role_arn
        },
        {
          # As in "Using CloudWatch Logs to log execution history in Step Functions". None of these
          # actions knows a resource ("Actions, resources, and condition keys for Amazon CloudWatch
          # Logs").
          Sid    = "DeliverLogs"
          Effect = "Allow"
          Action = [
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
          ]
          Resource = "*"
        },
      ],
    )
  })
}
