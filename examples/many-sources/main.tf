# For another source, add a provider, a module and an entry of trusted_sources. Terraform cannot create providers in a
# loop.
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
  # The sources belong to other teams, so none gets the function's own role.
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../dist/mwaa_dags_trigger.zip" }

  # Each output by itself: a loop over the modules would wait for all of their resources, which wait for the target.
  trusted_sources = [
    {
      role_arn          = module.finance.role_arn
      state_machine_arn = module.finance.external_id
    },
    {
      role_arn          = module.sales.role_arn
      state_machine_arn = module.sales.external_id
    },
  ]
}

locals {
  target = {
    role_arn     = module.target.role_arn
    function_arn = module.target.function_arn
  }
}
