terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.target_account_id]
}

data "aws_partition" "current" {}

module "target" {
  source = "../../../modules/target"

  name                   = var.name
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../../dist/mwaa_dags_trigger.zip" }
  # The source's state creates these later.
  trusted_sources = [{
    by                = "principal-arn"
    role_arn          = "arn:${data.aws_partition.current.partition}:iam::${var.source_account_id}:role/${var.name}-source"
    state_machine_arn = "arn:${data.aws_partition.current.partition}:states:${var.region}:${var.source_account_id}:stateMachine:${var.name}"
  }]
}

# The variable `target` of the source's module. If you set `transport` or `function.timeout` above, add `transport` or
# `function_timeout`.
resource "aws_ssm_parameter" "target" {
  #checkov:skip=CKV2_AWS_34:It contains no secret.
  name        = "/${var.name}/target"
  description = "Role and function that the source of ${var.name} uses"
  type        = "String"
  value = jsonencode({
    role_arn     = module.target.role_arn
    function_arn = module.target.function_arn
  })
}

# The source's deploying role reads the parameter with this role.
resource "aws_iam_role" "reader" {
  name        = "${var.name}-parameter-reader"
  description = "Lets the source of ${var.name} read what it needs to know about the target"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.source_deployer_role_arn }
    }]
  })
}

resource "aws_iam_role_policy" "reader" {
  name = "read-parameter"
  role = aws_iam_role.reader.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "ssm:GetParameter"
      Resource = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${var.target_account_id}:parameter/${var.name}/target"
    }]
  })
}

output "reader_role_arn" {
  description = "ARN of the role with which the source reads the parameter."
  value       = aws_iam_role.reader.arn
}
