# Every input of all modules. Take what you need: all of it but name, target, mwaa_environments, package,
# trusted_sources, bucket and onboarding can be left out. Accounts, keys, subnets and the like are made up.
locals {
  name              = "data-onboarding"
  region            = "eu-central-1"
  source_account_id = "111111111111"
  target_account_id = "222222222222"
}

module "source" {
  source    = "../../modules/source"
  providers = { aws = aws.source }

  name = local.name

  # Definition, input, output and history of the executions.
  encryption = {
    kms_key_arn                   = "arn:aws:kms:${local.region}:${local.source_account_id}:key/11111111-1111-1111-1111-111111111111"
    data_key_reuse_period_seconds = 300
  }

  # An existing log group, which has its own key and retention; the target makes one instead.
  logging = {
    include_execution_data = false
    level                  = "ERROR"
    log_group_name         = "/aws/vendedlogs/states/shared"
  }

  preliminary_tasks = [
    {
      name        = "Update Client Database"
      lambda_arn  = "arn:aws:lambda:${local.region}:${local.source_account_id}:function:update-client-database"
      result_path = "$.status"
    },
    {
      name       = "Notify"
      lambda_arn = "arn:aws:lambda:${local.region}:${local.source_account_id}:function:notify:live"
    },
  ]

  role = {
    path                 = "/teams/data/"
    permissions_boundary = "arn:aws:iam::${local.source_account_id}:policy/team"
  }

  tags    = { Team = "data-platform" }
  tracing = true

  # A fixed interval between polls, instead of one that grows with the time waited.
  wait_for_completion = {
    poll_interval_seconds = 60
    timeout_seconds       = 14400
  }

  target = {
    role_arn         = module.target.role_arn
    function_arn     = module.target.function_arn
    function_timeout = 120
    transport        = "rest"
  }
}

module "target" {
  source    = "../../modules/target"
  providers = { aws = aws.target }

  name = local.name

  mwaa_environments = ["analytics", "reporting"]

  # In analytics these two kinds of DAG; in reporting all.
  allowed_dags = {
    analytics = ["onboarding", "team_*"]
  }

  # Airflow's REST API, as an Airflow role that may trigger these DAGs.
  transport    = "rest"
  airflow_role = "Onboarding"

  # A web server in private networking, and what Lambda asks for there: see ../private-web-server.
  dedicated_invoker_role = true
  vpc = {
    security_group_ids = ["sg-0123456789abcdef0"]
    subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
  }

  function = {
    architecture         = "arm64"
    kms_key_arn          = "arn:aws:kms:${local.region}:${local.target_account_id}:key/22222222-2222-2222-2222-222222222222"
    memory_size          = 512
    reserved_concurrency = 4
    timeout              = 120
    tracing              = true
  }

  logging = {
    kms_key_arn       = "arn:aws:kms:${local.region}:${local.target_account_id}:key/22222222-2222-2222-2222-222222222222"
    retention_in_days = 90
  }

  # The zip as it was released into a bucket of this Region, for whoever has no `make package`.
  package = {
    bucket           = "acme-releases"
    key              = "mwaa_dags_trigger.zip"
    object_version   = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }

  role = {
    path                 = "/teams/platform/"
    permissions_boundary = "arn:aws:iam::${local.target_account_id}:policy/team"
  }

  tags = { Team = "data-platform" }

  # The source above, and one that another team deploys from a state of its own.
  trusted_sources = [
    {
      role_arn          = module.source.role_arn
      state_machine_arn = module.source.state_machine_arn
    },
    {
      role_arn          = "arn:aws:iam::333333333333:role/finance-source"
      state_machine_arn = "arn:aws:states:${local.region}:333333333333:stateMachine:finance"
    },
  ]
}

module "batch" {
  source    = "../../modules/batch"
  providers = { aws = aws.source }

  name = local.name

  # An execution of the source's state machine for each item, and how long it may take: a day for its retries
  # and what it waits for its DAG run.
  onboarding = {
    state_machine_arn = module.source.state_machine_arn
    timeout_seconds   = 86400 + 14400
  }

  # Lists of items are read here, and the results are written here.
  bucket = "acme-onboarding"
  prefix = "data/batches/"

  # DAG runs at once, and up to which percentage of them may fail.
  max_concurrency              = 8
  tolerated_failure_percentage = 5

  encryption = {
    kms_key_arn                   = "arn:aws:kms:${local.region}:${local.source_account_id}:key/11111111-1111-1111-1111-111111111111"
    data_key_reuse_period_seconds = 300
  }

  # At other levels the log quotes the input of failed items.
  logging = {
    include_execution_data = false
    level                  = "OFF"
    log_group_name         = "/aws/vendedlogs/states/shared"
  }

  role = {
    path                 = "/teams/data/"
    permissions_boundary = "arn:aws:iam::${local.source_account_id}:policy/team"
  }

  tags = { Team = "data-platform" }
}
