output "function_security_group_id" {
  description = "Security group of the function. If MWAA creates the endpoint of the web server, allow port 443 from this group in the environment's security group."
  value       = aws_security_group.function.id
}

output "state_machine_arn" {
  description = "ARN of the state machine. Start an execution with the input of one DAG run."
  value       = module.source.state_machine_arn
}

output "subnet_ids" {
  description = "Ids of the private subnets, which the environment can use as well."
  value       = values(aws_subnet.private)[*].id
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}
