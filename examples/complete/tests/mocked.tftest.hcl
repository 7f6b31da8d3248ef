# Plans this configuration without AWS and without credentials: `terraform init && terraform test`. Copy both providers
# into the tests of your own configuration, with your own account ids and Region. Without these values, Terraform
# invents random ones, which the modules reject.

mock_provider "aws" {
  alias = "source"

  mock_data "aws_caller_identity" {
    defaults = { account_id = "111111111111" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_service_principal" {
    defaults = { region = "eu-central-1" }
  }
}

mock_provider "aws" {
  alias = "target"

  mock_data "aws_caller_identity" {
    defaults = { account_id = "222222222222" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_service_principal" {
    defaults = { region = "eu-central-1" }
  }
}

run "plan" {
  command = plan

  assert {
    condition     = output.target.function_arn == "arn:aws:lambda:eu-central-1:222222222222:function:data-onboarding:live"
    error_message = "The function must be in the account and Region of the mocked provider."
  }
}
