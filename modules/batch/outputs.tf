output "log_group_name" {
  description = "Log group of the batches."
  value       = local.log_group_name
}

output "role_arn" {
  description = "Role of the batch state machine."
  value       = local.role_arn
}

output "state_machine_arn" {
  description = "The batch state machine: start an execution of it with a list of onboardings."
  value       = local.state_machine_arn
}
