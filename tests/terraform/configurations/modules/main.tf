# The modules with options that the root configurations of the repository do not set.

locals {
  target = {
    role_arn         = "arn:aws:iam::222222222222:role/shared-target"
    function_arn     = "arn:aws:lambda:eu-central-1:222222222222:function:shared:live"
    function_timeout = 60
  }

  # Names that need escapes in JSON and in the template, an alias, and a function that is used twice.
  preliminary_tasks = [
    {
      name        = "Check \"quota\""
      lambda_arn  = "arn:aws:lambda:eu-central-1:111111111111:function:check-quota:live"
      result_path = "$.quota"
    },
    {
      name        = "Back\\slash $${name} %%{if}"
      lambda_arn  = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"
      result_path = "$.mwaa_dag_conf.prepared"
    },
    {
      name       = "Prüfen"
      lambda_arn = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"
    },
  ]
}

module "busy" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name    = "busy"
  logging = { level = "ALL", include_execution_data = true, retention_in_days = 7 }
  target  = local.target

  preliminary_tasks = local.preliminary_tasks
}

module "plain" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name   = "plain"
  batch  = { bucket = "batches" }
  target = local.target
}

module "busy_waiting" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name = "busy-waiting"
  batch = {
    bucket                       = "batches"
    log_level                    = "ALL"
    max_concurrency              = 10000
    prefix                       = "teams/data=1/"
    tolerated_failure_percentage = 100
  }
  encryption          = { kms_key_arn = "arn:aws:kms:eu-central-1:111111111111:key/batches" }
  role                = { path = "/teams/" }
  target              = local.target
  preliminary_tasks   = local.preliminary_tasks
  wait_for_completion = { poll_interval_seconds = 30, timeout_seconds = 7200 }
}

module "waiting" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name                = "waiting"
  target              = local.target
  wait_for_completion = { timeout_seconds = 3600 }
}

module "shared" {
  source    = "../../../../modules/target"
  providers = { aws = aws.target }

  name              = "shared"
  airflow_role      = "Trigger.DAG_runs-only"
  function          = { architecture = "x86_64", memory_size = 512, timeout = 60 }
  mwaa_environments = ["reporting", "analytics"]
  package           = { path = "${path.root}/../../../../dist/mwaa_dags_trigger.zip" }
  transport         = "rest"

  trusted_sources = [
    {
      role_arn          = "arn:aws:iam::111111111111:role/one-source"
      state_machine_arn = "arn:aws:states:eu-central-1:111111111111:stateMachine:one"
    },
    {
      role_arn          = "arn:aws:iam::333333333333:role/two-source"
      state_machine_arn = "arn:aws:states:eu-central-1:333333333333:stateMachine:two"
    },
  ]
}

module "private" {
  source    = "../../../../modules/target"
  providers = { aws = aws.target }

  name                   = "private"
  dedicated_invoker_role = true
  mwaa_environments      = ["reporting"]
  package                = { path = "${path.root}/../../../../dist/mwaa_dags_trigger.zip" }
  vpc                    = { subnet_ids = ["subnet-0a1b2c3d"], security_group_ids = ["sg-0a1b2c3d"] }

  trusted_sources = [{
    role_arn          = "arn:aws:iam::111111111111:role/one-source"
    state_machine_arn = "arn:aws:states:eu-central-1:111111111111:stateMachine:one"
  }]
}

module "tolerant" {
  source    = "../../../../modules/source"
  providers = { aws = aws.source }

  name    = "tolerant"
  batch   = { bucket = "busy-batches", tolerated_failure_percentage = 100 }
  logging = { existing_log_group = { name = "/platform/executions" } }
  role    = { existing = { arn = "arn:aws:iam::111111111111:role/one", batch_arn = "arn:aws:iam::111111111111:role/two" } }
  target  = local.target
}

module "usage" {
  source    = "./usage"
  providers = { aws.source = aws.source, aws.target = aws.target }
}
