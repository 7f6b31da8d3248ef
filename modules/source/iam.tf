locals {
  trust_policy = jsonencode({
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

  # As in "Using CloudWatch Logs to log execution history in Step Functions". These actions have no resource types
  # ("Actions, resources, and condition keys for Amazon CloudWatch Logs").
  deliver_logs = {
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
  }

  # The same key encrypts log events on their way to CloudWatch Logs.
  encrypt_log_delivery = [for key in var.encryption[*].kms_key_arn : {
    Sid      = "EncryptLogDelivery"
    Effect   = "Allow"
    Action   = "kms:GenerateDataKey"
    Resource = key
    Condition = {
      StringLike = {
        "kms:EncryptionContext:SourceArn" = "arn:${local.partition}:logs:${local.region}:${local.account_id}:*"
      }
    }
  }]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      # IAM rejects a statement without a resource.
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
        local.deliver_logs,
      ],
      # Definition, input, output and history ("Data at rest encryption in Step Functions").
      [for key in var.encryption[*].kms_key_arn : {
        Sid      = "EncryptExecutions"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = key
        Condition = {
          StringEquals = { "kms:EncryptionContext:aws:states:stateMachineArn" = local.state_machine_arn }
        }
      }],
      local.encrypt_log_delivery,
      # As in "AWS X-Ray and Step Functions". These actions have no resource types ("Actions, resources, and condition
      # keys for AWS X-Ray").
      var.tracing ? [{
        Sid    = "SendTraces"
        Effect = "Allow"
        Action = [
          "xray:GetSamplingRules",
          "xray:GetSamplingTargets",
          "xray:PutTelemetryRecords",
          "xray:PutTraceSegments",
        ]
        Resource = "*"
      }] : [],
    )
  })
}

resource "aws_iam_role" "this" {
  count = var.role.existing == null ? 1 : 0

  name                 = local.role_name
  description          = "Runs the state machine ${var.name}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = local.trust_policy
}

resource "aws_iam_role_policy" "this" {
  count = var.role.existing == null ? 1 : 0

  name   = "run-state-machine"
  role   = aws_iam_role.this[0].id
  policy = local.policy

  lifecycle {
    # "IAM and AWS STS quotas" in the IAM User Guide.
    precondition {
      condition     = length(local.policy) <= 10240
      error_message = "The inline policy of the role ${local.role_name} must have at most 10240 characters (an IAM quota), but the functions of `preliminary_tasks` make it ${length(local.policy)} long. Use one function for several of the tasks."
    }
  }
}
