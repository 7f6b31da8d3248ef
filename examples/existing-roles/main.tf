module "source" {
  source    = "../../modules/source"
  providers = { aws = aws.source }

  name = var.name
  role = { existing = { arn = var.role_arns.state_machine } }
  target = {
    role_arn     = module.target.role_arn
    function_arn = module.target.function_arn
  }
}

module "target" {
  source    = "../../modules/target"
  providers = { aws = aws.target }

  name                   = var.name
  dedicated_invoker_role = true
  mwaa_environments      = var.mwaa_environments
  package                = { path = "${path.root}/../../dist/mwaa_dags_trigger.zip" }
  role = {
    existing = {
      arn         = var.role_arns.function
      invoker_arn = var.role_arns.invoker
    }
  }
  # Trusts the account and requires the role in aws:PrincipalArn, so that the roles can be created in any order.
  trusted_sources = [{
    by                = "principal-arn"
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.external_id
  }]
}
