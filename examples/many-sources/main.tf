# A source more is a provider, a module and an entry of trusted_sources more: Terraform can make no
# providers in a loop.
module "finance" {
  source    = "../../modules/source"
  providers = { aws = aws.finance }

  name   = "${var.name}-finance"
  target = local.target
}

module "sales" {
  source    = "../../modules/source"
  providers = { aws = aws.sales }

  name   = "${var.name}-sales"
  target = local.target
}

module "target" {
  source    = "../../modules/target"
  providers = { aws = aws.target }

  name = var.name
  # The sources are other teams': none gets the function's own role.
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../dist/mwaa_dags_trigger.zip" }

  # Output by output: a loop over the modules would wait for all of each, which wait for the target.
  trusted_sources = [
    {
      role_arn          = module.finance.role_arn
      state_machine_arn = module.finance.state_machine_arn
    },
    {
      role_arn          = module.sales.role_arn
      state_machine_arn = module.sales.state_machine_arn
    },
  ]
}

locals {
  target = {
    role_arn     = module.target.role_arn
    function_arn = module.target.function_arn
  }
}
