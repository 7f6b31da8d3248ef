output "function_security_group_id" {
  description = "Security group of the function: where MWAA makes the web server's endpoint, let the environment's group take port 443 from it."
  value       = aws_security_group.function.id
}

output "state_machine_arn" {
  description = "Start an execution of it."
  value       = module.source.state_machine_arn
}

output "subnet_ids" {
  description = "Private subnets, for the environment, too."
  value       = values(aws_subnet.private)[*].id
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}
