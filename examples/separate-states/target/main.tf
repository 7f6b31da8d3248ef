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
  # The source is another team's: it gets a role of its own, with nothing but the right to invoke.
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../../dist/mwaa_dags_trigger.zip" }
  # What the source's state makes for the same name. One more source is one more entry.
  trusted_sources = [{
    role_arn          = "arn:${data.aws_partition.current.partition}:iam::${var.source_account_id}:role/${var.name}-source"
    state_machine_arn = "arn:${data.aws_partition.current.partition}:states:${var.region}:${var.source_account_id}:stateMachine:${var.name}"
  }]
}

output "function_arn" {
  description = "The function that triggers DAG runs."
  value       = module.target.function_arn
}
