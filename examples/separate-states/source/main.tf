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
  allowed_account_ids = [var.source_account_id]
}

data "aws_partition" "current" {}

module "source" {
  source = "../../../modules/source"

  name = var.name
  # The target's state creates these for the same name.
  target = {
    role_arn     = "arn:${data.aws_partition.current.partition}:iam::${var.target_account_id}:role/${var.name}-invoker"
    function_arn = "arn:${data.aws_partition.current.partition}:lambda:${var.region}:${var.target_account_id}:function:${var.name}:live"
  }
}

output "state_machine_arn" {
  description = "ARN of the state machine. Start an execution once the target exists."
  value       = module.source.state_machine_arn
}
