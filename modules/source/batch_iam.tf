locals {
  batch_trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = {
        # The second form is the state machine ARN of a distributed map's children. AWS does not document which of the
        # two Step Functions sends.
        ArnLike      = { "aws:SourceArn" = [local.batch_arn, "${local.batch_arn}/*"] }
        StringEquals = { "aws:SourceAccount" = local.account_id }
      }
    }]
  })

  batch_policies = [for batch in var.batch[*] : jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # The batch starts its own children ("IAM policies for using Distributed Map states").
          Sid      = "StartExecutions"
          Effect   = "Allow"
          Action   = "states:StartExecution"
          Resource = [local.batch_arn, local.state_machine_arn]
        },
        {
          Sid    = "FollowExecutions"
          Effect = "Allow"
          Action = ["states:DescribeExecution", "states:StopExecution"]
          # AWS's guide to distributed maps names the first form for children, but their ARNs have the second.
          Resource = [
            "${local.states_arn}:execution:${local.batch_name}:*",
            "${local.states_arn}:execution:${local.batch_name}/*",
            "${local.states_arn}:execution:${var.name}:*",
          ]
        },
        {
          # "Redriving Map Runs in Step Functions executions".
          Sid      = "RedriveChildren"
          Effect   = "Allow"
          Action   = "states:RedriveExecution"
          Resource = "${local.states_arn}:execution:${local.batch_name}/*"
        },
        {
          # `.sync` tasks learn from this rule that an execution has ended ("Start a new AWS Step Functions state
          # machine from a running execution").
          Sid      = "ManageRule"
          Effect   = "Allow"
          Action   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
          Resource = "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
        },
        {
          # `ResultWriter` also reads its own files.
          Sid      = "ReadItems"
          Effect   = "Allow"
          Action   = "s3:GetObject"
          Resource = "arn:${local.partition}:s3:::${batch.bucket}/${batch.prefix}*"
        },
        {
          Sid    = "WriteResults"
          Effect = "Allow"
          Action = [
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
          ]
          Resource = "arn:${local.partition}:s3:::${batch.bucket}/${batch.prefix}results/*"
        },
        local.deliver_logs,
      ],
      # Definition, input, output and history ("Data at rest encryption in Step Functions"), also of the executions
      # that the batch starts and describes.
      [for key in var.encryption[*].kms_key_arn : {
        Sid      = "EncryptExecutions"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = key
        Condition = {
          StringLike = {
            "kms:EncryptionContext:aws:states:stateMachineArn" = [
              local.batch_arn,
              "${local.batch_arn}/*",
              local.state_machine_arn,
            ]
          }
        }
      }],
      local.encrypt_log_delivery,
    )
  })]
}

resource "aws_iam_role" "batch" {
  count = var.batch != null && var.role.existing == null ? 1 : 0

  name                 = local.batch_name
  description          = "Runs the state machine ${local.batch_name}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = local.batch_trust_policy
}

resource "aws_iam_role_policy" "batch" {
  count = var.batch != null && var.role.existing == null ? 1 : 0

  name   = "run-batches"
  role   = aws_iam_role.batch[0].id
  policy = local.batch_policies[0]
}
