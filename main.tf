locals {
  # A workspace is an environment: both accounts can hold several.
  name = "${var.name}-${terraform.workspace}"
}

# No depends_on between the modules: each needs something of the other, so it would be a cycle.
# Their outputs carry the order: source role, target role and function, state machine.
module "source" {
  source    = "./modules/source"
  providers = { aws = aws.source }

  name              = local.name
  logging           = var.logging
  preliminary_tasks = var.preliminary_tasks
  target = {
    role_arn         = module.target.role_arn
    function_arn     = module.target.function_arn
    function_timeout = var.function.timeout
  }
}

module "target" {
  source    = "./modules/target"
  providers = { aws = aws.target }

  name                   = local.name
  airflow_role           = var.airflow_role
  dedicated_invoker_role = var.dedicated_invoker_role
  function               = var.function
  log_retention_in_days  = var.logging.retention_in_days
  mwaa_environments      = var.mwaa_environments
  package                = "${path.root}/dist/mwaa_dags_trigger.zip"
  transport              = var.transport
  trusted_sources = [{
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.state_machine_arn
  }]
}
