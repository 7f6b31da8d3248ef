data "aws_partition" "current" {
  provider = aws.source
}

locals {
  partition = data.aws_partition.current.partition
  # Computed, so that the plan shows the whole trust policy.
  rule_arn = "arn:${local.partition}:events:${var.region}:${var.source_account.account_id}:rule/${var.name}"
}

resource "aws_s3_bucket" "uploads" {
  #checkov:skip=CKV_AWS_18:This bucket represents your own, for which you choose access logs, lifecycle, replication and key.
  #checkov:skip=CKV_AWS_144:As above.
  #checkov:skip=CKV_AWS_145:As above.
  #checkov:skip=CKV2_AWS_61:As above.

  provider = aws.source

  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "uploads" {
  provider = aws.source

  bucket                  = aws_s3_bucket.uploads.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Each upload has its own version. It distinguishes a new upload from an event that is delivered again, and the DAG can
# read exactly the uploaded object.
resource "aws_s3_bucket_versioning" "uploads" {
  provider = aws.source

  bucket = aws_s3_bucket.uploads.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_notification" "uploads" {
  provider = aws.source

  bucket      = aws_s3_bucket.uploads.id
  eventbridge = true

  # An upload without a version would not have its own key.
  depends_on = [aws_s3_bucket_versioning.uploads]
}

resource "aws_cloudwatch_event_rule" "upload" {
  provider = aws.source

  name        = var.name
  description = "Uploads to ${var.bucket}/${var.prefix}"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket] }
      object = { key = [{ prefix = var.prefix }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "state_machine" {
  provider = aws.source

  rule     = aws_cloudwatch_event_rule.upload.name
  arn      = module.source.state_machine_arn
  role_arn = aws_iam_role.events.arn

  input_transformer {
    input_paths = {
      bucket  = "$.detail.bucket.name"
      key     = "$.detail.object.key"
      version = "$.detail.object.version-id"
    }

    # It contains nothing that differs between two deliveries of the same upload, such as the event's id or time. This is
    # a text, because jsonencode would escape the brackets that EventBridge replaces.
    input_template = <<-EOT
      {
        "mwaa_env_name": ${jsonencode(var.mwaa_environment)},
        "mwaa_dag_name": ${jsonencode(var.mwaa_dag)},
        "mwaa_dag_conf": {"bucket": "<bucket>", "key": "<key>", "version_id": "<version>"},
        "idempotency_key": "s3://<bucket>/<key>?versionId=<version>"
      }
    EOT
  }

  # The first upload may be now, and needs the permission.
  depends_on = [aws_iam_role_policy.events]
}

resource "aws_iam_role" "events" {
  provider = aws.source

  name        = "${var.name}-events"
  description = "Lets EventBridge start the state machine ${var.name}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.rule_arn }
        StringEquals = { "aws:SourceAccount" = var.source_account.account_id }
      }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  provider = aws.source

  name = "start-execution"
  role = aws_iam_role.events.id

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
