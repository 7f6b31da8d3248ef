resource "aws_iam_role" "this" {
  name                 = local.batch_name
  description          = "Runs the state machine ${local.batch_name}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        # The second is what Step Functions calls the state machine of a distributed map's children; which of
        # them it sends for a child its documentation leaves open.
        ArnLike      = { "aws:SourceArn" = [local.state_machine_arn, "${local.state_machine_arn}/*"] }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "run-batches"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # Its own for the children of the map ("IAM policies for using Distributed Map states").
          Sid      = "StartExecutions"
          Effect   = "Allow"
          Action   = "states:StartExecution"
          Resource = [local.state_machine_arn, var.onboarding.state_machine_arn]
        },
        {
          Sid    = "FollowExecutions"
          Effect = "Allow"
          Action = ["states:DescribeExecution", "states:StopExecution"]
          # Of its children the guide to distributed maps names the first form, and their ARNs have the second.
          Resource = [
            "${local.states}:execution:${local.batch_name}:*",
            "${local.states}:execution:${local.batch_name}/*",
            "${local.states}:execution:${local.onboarding_name}:*",
          ]
        },
        {
          # "Redriving Map Runs in Step Functions executions".
          Sid      = "RedriveChildren"
          Effect   = "Allow"
          Action   = "states:RedriveExecution"
          Resource = "${local.states}:execution:${local.batch_name}/*"
        },
        {
          # How `.sync` learns of an execution's end ("Start a new AWS Step Functions state machine from a
          # running execution").
          Sid      = "ManageRule"
          Effect   = "Allow"
          Action   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
          Resource = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
        },
        {
          # The items; and, for `ResultWriter`, its own files.
          Sid      = "ReadItems"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = "${local.bucket_arn}/${var.prefix}*"
        },
        {
          Sid    = "WriteResults"
          Effect = "Allow"
          Action = [
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
          ]
          Resource = "${local.bucket_arn}/${local.results_key}/*"
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
      flatten([for key in var.encryption[*].kms_key_arn : [
        {
          # Definition, input, output and history ("Data at rest encryption in Step Functions"); the
          # onboarding's too, which it starts and describes.
          Sid      = "EncryptExecutions"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = key
          Condition = {
            StringLike = {
              "kms:EncryptionContext:aws:states:stateMachineArn" = [
                local.state_machine_arn,
                "${local.state_machine_arn}/*",
                var.onboarding.state_machine_arn,
              ]
            }
          }
        },
        {
          # What is delivered to CloudWatch Logs is encrypted with the same key on its way there.
          Sid      = "EncryptLogDelivery"
          Effect   = "Allow"
          Action   = "kms:GenerateDataKey"
          Resource = key
          Condition = {
            StringLike = { "kms:EncryptionContext:SourceArn" = "arn:${local.partition}:logs:${local.region}:${local.account_id}:*" }
          }
        },
      ]]),
    )
  })
}
