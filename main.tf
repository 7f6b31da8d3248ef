locals {
  # By default, a workspace is an environment: both accounts can contain several.
  environment = coalesce(var.environment, terraform.workspace)
  name        = "${var.name}-${local.environment}"
  # An existing log group keeps its own retention.
  retention_in_days = {
    for side, account in { source = var.source_account, target = var.target_account } :
    side => account.logging.existing_log_group == null ? var.logging.retention_in_days : null
  }
}

# No depends_on between the modules: each needs something of the other, so it would be a cycle. Their outputs carry the
# order: source role, then target role and function, then state machine.
module "source" {
  source    = "./modules/source"
  providers = { aws = aws.source }

  name                = local.name
  alarms              = var.source_account.alarms
  batch               = var.batch
  encryption          = var.encryption
  logging             = merge(var.logging, var.source_account.logging, { retention_in_days = local.retention_in_days.source })
  notifications       = var.notifications
  preliminary_tasks   = var.preliminary_tasks
  role                = var.source_account.role
  tracing             = var.tracing
  wait_for_completion = var.wait_for_completion
  target = {
    role_arn         = module.target.role_arn
    function_arn     = module.target.function_arn
    function_timeout = var.function.timeout
    transport        = var.transport
  }
}

module "target" {
  source    = "./modules/target"
  providers = { aws = aws.target }

  name                   = local.name
  airflow_role           = var.airflow_role
  alarms                 = var.target_account.alarms
  allowed_dags           = var.allowed_dags
  dedicated_invoker_role = var.dedicated_invoker_role
  function               = var.function
  logging                = merge(var.target_account.logging, { retention_in_days = local.retention_in_days.target })
  mwaa_environments      = var.mwaa_environments
  organization_id        = var.organization_id
  package                = coalesce(var.package, { path = "${path.root}/dist/mwaa_dags_trigger.zip" })
  role                   = var.target_account.role
  transport              = var.transport
  vpc                    = var.vpc
  trusted_sources = concat([{
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.external_id
  }], var.trusted_sources)
}
