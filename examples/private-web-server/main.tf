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

  name = var.name
  # Lambda creates network interfaces with the function's role, so no source may have that role.
  dedicated_invoker_role = true
  mwaa_environments      = keys(var.mwaa_environments)
  package                = { path = "${path.root}/../../dist/mwaa_dags_trigger.zip" }
  transport              = var.transport

  vpc = {
    security_group_ids = [aws_security_group.function.id]
    subnet_ids         = values(aws_subnet.private)[*].id
  }

  trusted_sources = [{
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.external_id
  }]
}
