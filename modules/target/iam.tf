# Two concerns, in one role or in two: what the function may do, and what a source may do here.
locals {
  trust_lambda = {
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = { Service = "lambda.amazonaws.com" }
  }

  # Step Functions sends the state machine's ARN as external id ("Accessing resources in other AWS
  # accounts in Step Functions").
  trust_sources = [for source in var.trusted_sources : {
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = { AWS = source.role_arn }
    Condition = { StringEquals = { "sts:ExternalId" = source.state_machine_arn } }
  }]

  # Lambda names the function in each call from its execution environment, and in its own calls to write
  # the log ("Using source function ARN to control function access behavior"). A source that holds the
  # same role cannot. The guide does not say whether the ARN comes with a version or alias.
  from_function = {
    ArnLike = { "lambda:SourceFunctionArn" = [local.function_arn, "${local.function_arn}:*"] }
  }

  # Each way to Airflow has its own action and resource: a command line token is good for anything in
  # an environment, a REST request for what one Airflow role may do there.
  allow_transport = {
    cli = {
      Sid      = "CreateCliTokens"
      Effect   = "Allow"
      Action   = "airflow:CreateCliToken"
      Resource = local.environment_arns
    }
    rest = {
      Sid      = "InvokeRestApi"
      Effect   = "Allow"
      Action   = "airflow:InvokeRestApi"
      Resource = local.airflow_role_arns
    }
  }

  allow_function = [for statement in [
    {
      # Its Airflow version and its status.
      Sid      = "ReadEnvironments"
      Effect   = "Allow"
      Action   = "airflow:GetEnvironment"
      Resource = local.environment_arns
    },
    local.allow_transport[var.transport],
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${local.log_group_arn}:*"
    },
  ] : merge(statement, { Condition = local.from_function })]

  allow_sources = [{
    Sid      = "InvokeFunction"
    Effect   = "Allow"
    Action   = "lambda:InvokeFunction"
    Resource = local.function_arn
  }]
}

resource "aws_iam_role" "function" {
  name        = local.function_role_name
  description = "Runs the function ${var.name}${var.dedicated_invoker_role ? "" : ", and lets sources invoke it"}"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.trust_lambda], var.dedicated_invoker_role ? [] : local.trust_sources)
  })
}

resource "aws_iam_role_policy" "function" {
  name = "trigger-dags"
  role = aws_iam_role.function.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.allow_function, var.dedicated_invoker_role ? [] : local.allow_sources)
  })
}

resource "aws_iam_role" "invoker" {
  for_each = toset(var.dedicated_invoker_role ? [local.invoker_role_name] : [])

  name        = each.key
  description = "Lets sources invoke the function ${var.name}"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.trust_sources
  })
}

resource "aws_iam_role_policy" "invoker" {
  for_each = aws_iam_role.invoker

  name = "invoke-function"
  role = each.value.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.allow_sources
  })
}
