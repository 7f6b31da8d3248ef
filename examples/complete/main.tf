# Every input of both modules. Take what you need: only name, target, mwaa_environments, package, trusted_sources and
# batch.bucket are required. The accounts, keys and subnets do not exist.
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

  # Alarms and a dashboard. Executions start every night, so one of the alarms expects a success every 25 hours.
  alarms = {
    actions  = ["arn:aws:sns:${local.region}:${local.source_account_id}:on-call"]
    schedule = { hours = 25 }
  }

  # A second state machine, which starts an execution for each item of a list. It reads lists from the bucket, and writes
  # results there. At most 8 items run at once, and the batch stops when more than 5 % of them have failed. At log levels
  # other than OFF, its log quotes the input of failed items.
  batch = {
    bucket                       = "acme-onboarding"
    log_level                    = "OFF"
    max_concurrency              = 8
    prefix                       = "data/batches/"
    tolerated_failure_percentage = 5
  }

  # Encrypts the definition, input, output and history of both state machines.
  encryption = {
    kms_key_arn                   = "arn:aws:kms:${local.region}:${local.source_account_id}:key/11111111-1111-1111-1111-111111111111"
    data_key_reuse_period_seconds = 300
  }

  # An existing log group, which has its own key and retention. The target creates its log group instead.
  logging = {
    include_execution_data = false
    level                  = "ERROR"
    existing_log_group     = { name = "/aws/vendedlogs/states/shared" }
  }

  # A sentence for each execution that ends badly. The topic's policy must allow events.amazonaws.com to publish.
  notifications = { topic_arn = "arn:aws:sns:${local.region}:${local.source_account_id}:data-onboarding" }

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

  # A fixed interval between polls, instead of an interval that grows with the time waited.
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

  # Sources must also belong to this organization.
  organization_id = "o-exampleorgid"

  alarms = { actions = ["arn:aws:sns:${local.region}:${local.target_account_id}:on-call"] }

  # In analytics, only these DAGs. In reporting, all DAGs.
  allowed_dags = {
    analytics = ["onboarding", "team_*"]
  }

  # Airflow's REST API, with your own Airflow role that may trigger these DAGs.
  transport    = "rest"
  airflow_role = "Onboarding"

  # For a web server in private networking: see ../private-web-server.
  dedicated_invoker_role = true
  vpc = {
    security_group_ids = ["sg-0123456789abcdef0"]
    subnet_ids         = ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
  }

  function = {
    architecture            = "arm64"
    code_signing_config_arn = "arn:aws:lambda:${local.region}:${local.target_account_id}:code-signing-config:csc-0f6c334abcdea4d8b"
    environment             = { HTTPS_PROXY = "http://proxy.example.com:3128" }
    kms_key_arn             = "arn:aws:kms:${local.region}:${local.target_account_id}:key/22222222-2222-2222-2222-222222222222"
    memory_size             = 512
    reserved_concurrency    = 4
    timeout                 = 120
    tracing                 = true
  }

  logging = {
    kms_key_arn       = "arn:aws:kms:${local.region}:${local.target_account_id}:key/22222222-2222-2222-2222-222222222222"
    retention_in_days = 90
    skip_destroy      = true
  }

  # The zip in a bucket of this Region, for deployments without `make package`. AWS Signer has signed it, so its hash
  # differs from the hash of this version.
  package = {
    bucket           = "acme-releases"
    key              = "signed/mwaa_dags_trigger.zip"
    object_version   = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    source_code_hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    verify           = false
  }

  role = {
    path                 = "/teams/platform/"
    permissions_boundary = "arn:aws:iam::${local.target_account_id}:policy/team"
  }

  tags = { Team = "data-platform" }

  # The source above, and a source that another team deploys from its own state, before or after this one.
  trusted_sources = [
    {
      role_arn          = module.source.role_arn
      state_machine_arn = module.source.external_id
    },
    {
      by                = "principal-arn"
      role_arn          = "arn:aws:iam::333333333333:role/finance-source"
      state_machine_arn = "arn:aws:states:${local.region}:333333333333:stateMachine:finance"
    },
  ]
}
