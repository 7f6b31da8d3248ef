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
  alias               = "source"
  region              = var.region
  allowed_account_ids = [var.source_account_id]
}

# Only to read the parameter.
provider "aws" {
  alias               = "target"
  region              = var.region
  allowed_account_ids = [var.target_account_id]

  assume_role {
    role_arn = var.reader_role_arn
  }
}

data "aws_ssm_parameter" "target" {
  provider = aws.target
  name     = "/${var.name}/target"
}

module "source" {
  source    = "../../../modules/source"
  providers = { aws = aws.source }

  name = var.name
  # The parameter contains no secret. `value` would hide the whole definition in plans.
  target = jsondecode(data.aws_ssm_parameter.target.insecure_value)
}

output "state_machine_arn" {
  description = "ARN of the state machine. Start an execution of it."
  value       = module.source.state_machine_arn
}
