output "log_group_name" {
  description = "Log group of the batches."
  value       = local.log_group_name
}

output "role_arn" {
  description = "Role of the batch state machine."
  value       = local.role_arn
  # A key's policy refuses a principal that does not exist yet.
  depends_on = [aws_iam_role.this]
}

output "state_machine_arn" {
  description = "The batch state machine: start an execution of it with a list of onboardings."
  value       = local.state_machine_arn
  # What starts it may be made in the same apply, and look for it.
  depends_on = [aws_sfn_state_machine.this]
}
