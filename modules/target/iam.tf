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

  allow_function = [for statement in concat(
    [
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
    ],
    var.function.tracing ? [{
      # Neither of the two knows a resource ("Actions, resources, and condition keys for AWS X-Ray").
      Sid      = "SendTraces"
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = "*"
    }] : [],
  ) : merge(statement, { Condition = local.from_function })]

  # Lambda itself makes and removes the network interfaces, as this role and without naming the function:
  # the function's own code, which needs nothing of EC2, is denied all of it ("Giving Lambda functions
  # access to resources in an Amazon VPC", which names the actions, too).
  ec2_arn = "arn:${local.partition}:ec2:${local.region}"
  allow_vpc = flatten([for vpc in var.vpc[*] : [
    {
      # Subnets and security groups may be shared by another account, so only their ids are named.
      Sid    = "CreateNetworkInterfaces"
      Effect = "Allow"
      Action = "ec2:CreateNetworkInterface"
      Resource = concat(
        ["${local.ec2_arn}:${local.account_id}:network-interface/*"],
        [for id in sort(vpc.security_group_ids) : "${local.ec2_arn}:*:security-group/${id}"],
        [for id in sort(vpc.subnet_ids) : "${local.ec2_arn}:*:subnet/${id}"],
      )
    },
    {
      # Before Lambda takes the function it asks for these on every resource: on network interfaces only
      # they are refused.
      Sid    = "ManageNetworkInterfaces"
      Effect = "Allow"
      Action = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:DeleteNetworkInterface",
        "ec2:UnassignPrivateIpAddresses",
      ]
      Resource = "${local.ec2_arn}:${local.account_id}:*/*"
    },
    {
      # Neither of the two knows a resource ("Actions, resources, and condition keys for Amazon EC2").
      Sid      = "DescribeNetwork"
      Effect   = "Allow"
      Action   = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
      Resource = "*"
    },
    {
      Sid       = "DenyNetworkToFunctionCode"
      Effect    = "Deny"
      Action    = "ec2:*"
      Resource  = "*"
      Condition = local.from_function
    },
  ]])

  allow_sources = [{
    Sid      = "InvokeFunction"
    Effect   = "Allow"
    Action   = "lambda:InvokeFunction"
    Resource = local.alias_arn
  }]

  function_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.allow_function,
      local.allow_vpc,
      var.dedicated_invoker_role ? [] : local.allow_sources,
    )
  })

  function_trust_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat([local.trust_lambda], var.dedicated_invoker_role ? [] : local.trust_sources)
  })

  invoker_trust_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.trust_sources
  })

  sources_trust_policy = var.dedicated_invoker_role ? local.invoker_trust_policy : local.function_trust_policy
}

resource "aws_iam_role" "function" {
  name                 = local.function_role_name
  description          = "Runs the function ${var.name}${var.dedicated_invoker_role ? "" : ", and lets sources invoke it"}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = local.function_trust_policy

  lifecycle {
    # "IAM and AWS STS quotas" in the IAM User Guide.
    precondition {
      condition     = length(local.sources_trust_policy) <= 2048
      error_message = "The trust policy of the role ${local.invoker_role_name} must have at most 2048 characters (IAM's default quota), but `trusted_sources` makes it ${length(local.sources_trust_policy)} long. Call this module again, with another `name`, for some of the sources."
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name = "trigger-dags"
  role = aws_iam_role.function.id

  policy = local.function_policy

  lifecycle {
    # "IAM and AWS STS quotas" in the IAM User Guide.
    precondition {
      condition     = length(local.function_policy) <= 10240
      error_message = "The inline policy of the role ${local.function_role_name} must have at most 10240 characters (an IAM quota), but `mwaa_environments` makes it ${length(local.function_policy)} long. Call this module again, with another `name`, for some of the environments."
    }
  }
}

resource "aws_iam_role" "invoker" {
  for_each = toset(var.dedicated_invoker_role ? [local.invoker_role_name] : [])

  name                 = each.key
  description          = "Lets sources invoke the function ${var.name}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = local.invoker_trust_policy
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
