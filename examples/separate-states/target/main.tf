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

  name = var.name
  # The source belongs to another team, so it gets its own role, which can only invoke the function.
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../../dist/mwaa_dags_trigger.zip" }
  # The source's state creates these for the same name, before or after this one. For another source, add an entry.
  trusted_sources = [{
    by                = "principal-arn"
    role_arn          = "arn:${data.aws_partition.current.partition}:iam::${var.source_account_id}:role/${var.name}-source"
    state_machine_arn = "arn:${data.aws_partition.current.partition}:states:${var.region}:${var.source_account_id}:stateMachine:${var.name}"
  }]
}

output "function_arn" {
  description = "ARN of the function's alias, which the source invokes."
  value       = module.target.function_arn
}
