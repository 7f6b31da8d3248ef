output "log_group_name" {
  description = "Log group of the executions."
  value       = local.log_group_name
}

output "role_arn" {
  description = "Role of the state machine: the principal that the target trusts."
  value       = local.role_arn
  # IAM refuses a trust policy whose principal does not exist yet.
  depends_on = [aws_iam_role.this]
}

output "state_machine_arn" {
  description = "The state machine; also the external id that the target's trust policy asks for."
  # Computed, and without depends_on: the state machine needs the target role, which needs this ARN.
  value = local.state_machine_arn
}
