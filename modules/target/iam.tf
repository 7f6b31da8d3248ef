# The permissions of the function and of a source, in one role or in two.
locals {
  trust_lambda = {
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = { Service = "lambda.amazonaws.com" }
  }

  in_organization = { for id in var.organization_id[*] : "aws:PrincipalOrgID" => id }

  # Step Functions sends the state machine's ARN as external id ("Accessing resources in other AWS accounts in Step
  # Functions").
  trust_named_roles = [for source in var.trusted_sources : {
    Effect    = "Allow"
    Action    = "sts:AssumeRole"
    Principal = { AWS = source.role_arn }
    Condition = { StringEquals = merge(local.in_organization, { "sts:ExternalId" = source.state_machine_arn }) }
  } if source.by == "role"]

  # The role behind a session is in aws:PrincipalArn ("AWS global condition context keys"), so these roles need not exist
  # yet. They share one statement, because of the size of a trust policy.
  sources_by_principal_arn = [for source in var.trusted_sources : source if source.by == "principal-arn"]
  trust_principal_arns = [for sources in length(local.sources_by_principal_arn) == 0 ? [] : [local.sources_by_principal_arn] : {
    Effect = "Allow"
    Action = "sts:AssumeRole"
    Principal = {
      AWS = distinct([for source in sources : "arn:${local.partition}:iam::${split(":", source.role_arn)[4]}:root"])
    }
    Condition = {
      ArnEquals    = { "aws:PrincipalArn" = distinct(sources[*].role_arn) }
      StringEquals = merge(local.in_organization, { "sts:ExternalId" = distinct(sources[*].state_machine_arn) })
    }
  }]

  # IAM rejects a policy without statements. This one allows nobody.
  trust_nobody = length(var.trusted_sources) > 0 ? [] : [{
    Effect    = "Deny"
    Action    = "sts:AssumeRole"
    Principal = { AWS = "*" }
  }]

  trust_sources = concat(local.trust_named_roles, local.trust_principal_arns)

  # Lambda adds this key to each call from the function's execution environment, and to its own calls that write the log
  # ("Using source function ARN to control function access behavior"). A source that holds the same role cannot. AWS
  # does not document whether the ARN has a version or alias.
  from_function = {
    ArnLike = { "lambda:SourceFunctionArn" = [local.function_arn, "${local.function_arn}:*"] }
  }

  # Each transport has its own action and resource. A CLI token allows every command in an environment, a REST request
  # only what one Airflow role allows there.
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
        # Airflow version and status.
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
      # These actions have no resource types ("Actions, resources, and condition keys for AWS X-Ray").
      Sid      = "SendTraces"
      Effect   = "Allow"
      Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
      Resource = "*"
    }] : [],
  ) : merge(statement, { Condition = local.from_function })]

  # Lambda itself creates and deletes the network interfaces, with this role and without naming the function. The
  # function's own code needs nothing of EC2 and is denied all of it ("Giving Lambda functions access to resources in an
  # Amazon VPC", which also names the actions).
  ec2_arn = "arn:${local.partition}:ec2:${local.region}"
  allow_vpc = flatten([for vpc in var.vpc[*] : [
    {
      # Another account may share subnets and security groups, so only their ids are known.
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
      # At creation of the function, Lambda checks these actions for all resources. Limited to network interfaces, the
      # check fails.
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
      # These actions have no resource types ("Actions, resources, and condition keys for Amazon EC2").
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
    Statement = concat([local.trust_lambda], [for statement in local.trust_sources : statement if !var.dedicated_invoker_role])
  })

  invoker_trust_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.trust_nobody, local.trust_sources)
  })

  invoker_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.allow_sources
  })

  sources_trust_policy = var.dedicated_invoker_role ? local.invoker_trust_policy : local.function_trust_policy
}

resource "aws_iam_role" "function" {
  count = var.role.existing == null ? 1 : 0

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
  count = var.role.existing == null ? 1 : 0

  name   = "trigger-dags"
  role   = aws_iam_role.function[0].id
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
  count = var.dedicated_invoker_role && var.role.existing == null ? 1 : 0

  name                 = local.invoker_role_name
  description          = "Lets sources invoke the function ${var.name}"
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = local.invoker_trust_policy
}

resource "aws_iam_role_policy" "invoker" {
  count = var.dedicated_invoker_role && var.role.existing == null ? 1 : 0

  name   = "invoke-function"
  role   = aws_iam_role.invoker[0].id
  policy = local.invoker_policy
}
