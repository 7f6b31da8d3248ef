# No internet gateway and no NAT: these subnets reach only the endpoints.
resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_11:You switch on flow logs by the rules of your network.
  #checkov:skip=CKV2_AWS_12:This example uses its own security groups.

  provider = aws.target

  cidr_block = var.cidr_block
  # The endpoints' private names need both.
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = var.name }
}

# An MWAA environment requires two subnets in two Availability Zones.
resource "aws_subnet" "private" {
  for_each = toset(var.availability_zones)
  provider = aws.target

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr_block, 4, index(var.availability_zones, each.key))
  tags              = { Name = "${var.name}-${each.key}" }
}

resource "aws_security_group" "function" {
  #checkov:skip=CKV2_AWS_5:The module puts the function into it.

  provider = aws.target

  name        = "${var.name}-function"
  description = "The function ${var.name}"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "endpoints" {
  provider = aws.target

  name        = "${var.name}-endpoints"
  description = "Endpoints that the function ${var.name} reaches"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "function" {
  provider = aws.target

  security_group_id = aws_security_group.function.id
  description       = "HTTPS within the VPC: an endpoint created by MWAA has the security group of the environment"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  cidr_ipv4         = aws_vpc.this.cidr_block
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  provider = aws.target

  security_group_id            = aws_security_group.endpoints.id
  description                  = "HTTPS from the function"
  from_port                    = 443
  to_port                      = 443
  ip_protocol                  = "tcp"
  referenced_security_group_id = aws_security_group.function.id
}

# GetEnvironment uses api, CreateCliToken and InvokeRestApi use env.
resource "aws_vpc_endpoint" "mwaa" {
  for_each = toset(["airflow.api", "airflow.env"])
  provider = aws.target

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  private_dns_enabled = true
  security_group_ids  = [aws_security_group.endpoints.id]
  subnet_ids          = values(aws_subnet.private)[*].id
  tags                = { Name = "${var.name}-${each.key}" }
}

# The web server itself, which receives CLI commands. MWAA's public DNS already resolves its name to this endpoint.
resource "aws_vpc_endpoint" "web_server" {
  for_each = { for name, service in var.mwaa_environments : name => service if service != null }
  provider = aws.target

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = each.value
  private_dns_enabled = false
  security_group_ids  = [aws_security_group.endpoints.id]
  subnet_ids          = values(aws_subnet.private)[*].id
  tags                = { Name = "${var.name}-${each.key}" }
}
