locals {
  own_variables = merge(
    {
      MWAA_ENVIRONMENTS      = jsonencode(var.mwaa_environments)
      TRANSPORT              = var.transport
      TRUSTED_STATE_MACHINES = jsonencode(var.trusted_sources[*].state_machine_arn)
    },
    length(var.allowed_dags) == 0 ? {} : { ALLOWED_DAGS = jsonencode(var.allowed_dags) },
  )

  # The function's own, and those that Lambda reserves.
  reserved_variables = [
    "ALLOWED_DAGS",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MWAA_ENVIRONMENTS",
    "TRANSPORT",
    "TRUSTED_STATE_MACHINES",
  ]

  package_hash = var.package.path == null ? var.package.source_code_hash : filebase64sha256(var.package.path)
  # `make package` writes the file.
  version_hash = trimspace(file("${path.module}/package.sha256"))
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:Traces cost money, so you switch them on with `function.tracing`.
  #checkov:skip=CKV_AWS_116:A dead letter queue is for asynchronous invocations. Step Functions waits for the response.
  #checkov:skip=CKV_AWS_272:A signing profile belongs to your account, so you switch it on with `function.code_signing_config_arn`.

  function_name = var.name
  description   = "Triggers MWAA DAG runs for other accounts' state machines (mwaa-dags-trigger 0.1.0)"
  role          = local.function_role_arn
  # Each change publishes a version, and the alias moves to it once it exists.
  publish = true

  package_type      = "Zip"
  filename          = var.package.path
  s3_bucket         = var.package.bucket
  s3_key            = var.package.key
  s3_object_version = var.package.object_version
  source_code_hash  = local.package_hash
  handler           = "mwaa_dags_trigger.app.lambda_handler"
  runtime           = "python3.13"

  architectures                  = [var.function.architecture]
  memory_size                    = var.function.memory_size
  reserved_concurrent_executions = coalesce(var.function.reserved_concurrency, -1)
  timeout                        = var.function.timeout

  code_signing_config_arn = var.function.code_signing_config_arn
  kms_key_arn             = var.function.kms_key_arn
  tags                    = var.tags

  environment {
    variables = merge(var.function.environment, local.own_variables)
  }

  logging_config {
    log_format = "JSON"
    log_group  = local.log_group_name
  }

  tracing_config {
    mode = var.function.tracing ? "Active" : "PassThrough"
  }

  dynamic "vpc_config" {
    for_each = var.vpc[*]

    content {
      security_group_ids = vpc_config.value.security_group_ids
      subnet_ids         = vpc_config.value.subnet_ids
    }
  }

  # An invocation before the policy exists fails. Before the log group exists, it makes Lambda create a log group
  # without a retention.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.function]

  lifecycle {
    precondition {
      condition     = !var.package.verify || local.package_hash == local.version_hash
      error_message = "`package` must be the zip of this version of the module, with the SHA-256 ${local.version_hash}, and not ${local.package_hash}: run `make package` in a checkout of the same version, or set `package.verify = false` to deploy another build."
    }
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "Sources invoke this alias"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}
