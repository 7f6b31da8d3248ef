module "source" {
  source    = "../../modules/source"
  providers = { aws = aws.source }

  name = var.name
  target = {
    role_arn     = module.target.role_arn
    function_arn = module.target.function_arn
  }
}

module "target" {
  source    = "../../modules/target"
  providers = { aws = aws.target }

  name              = var.name
  mwaa_environments = [var.mwaa_environment]
  package           = { path = "${path.root}/../../dist/mwaa_dags_trigger.zip" }

  trusted_sources = [{
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.external_id
  }]
}
