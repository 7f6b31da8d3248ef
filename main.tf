locals {
  # By default a workspace is an environment: both accounts can hold several.
  environment = coalesce(var.environment, terraform.workspace)
  name        = "${var.name}-${local.environment}"
  # An existing log group keeps its own.
  retention_in_days = {
    for side, account in { source = var.source_account, target = var.target_account } :
    side => account.logging.log_group_name == null ? var.logging.retention_in_days : null
  }
  source_logging = merge(var.logging, var.source_account.logging, { retention_in_days = local.retention_in_days.source })
}

# No depends_on between the modules: each needs something of the other, so it would be a cycle.
# Their outputs carry the order: source role, target role and function, state machine.
module "source" {
  source    = "./modules/source"
  providers = { aws = aws.source }

  name                = local.name
  encryption          = var.encryption
  logging             = local.source_logging
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
  allowed_dags           = var.allowed_dags
  dedicated_invoker_role = var.dedicated_invoker_role
  function               = var.function
  logging                = merge(var.target_account.logging, { retention_in_days = local.retention_in_days.target })
  mwaa_environments      = var.mwaa_environments
  package                = coalesce(var.package, { path = "${path.root}/dist/mwaa_dags_trigger.zip" })
  role                   = var.target_account.role
  transport              = var.transport
  vpc                    = var.vpc
  trusted_sources = concat([{
    role_arn          = module.source.role_arn
    state_machine_arn = module.source.state_machine_arn
  }], var.trusted_sources)
}

module "batch" {
  source    = "./modules/batch"
  providers = { aws = aws.source }
  for_each  = toset(var.batch == null ? [] : ["batch"])

  name                         = local.name
  bucket                       = var.batch.bucket
  encryption                   = var.encryption
  logging                      = merge(local.source_logging, { level = var.batch.log_level })
  max_concurrency              = var.batch.max_concurrency
  prefix                       = var.batch.prefix
  role                         = var.source_account.role
  tolerated_failure_percentage = var.batch.tolerated_failure_percentage
  onboarding = {
    state_machine_arn = module.source.state_machine_arn
    # A day for the retries of the trigger and of the polls, which take up to half of that.
    timeout_seconds = 86400 + try(var.wait_for_completion.timeout_seconds, 0)
  }
}
