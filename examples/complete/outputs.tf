output "batch_log_group_name" {
  description = "Log group of the batches."
  value       = module.batch.log_group_name
}

output "batch_role_arn" {
  description = "Role of the batch state machine."
  value       = module.batch.role_arn
}

output "batch_state_machine_arn" {
  description = "Start an execution of it with a list of onboardings."
  value       = module.batch.state_machine_arn
}

output "function_arn" {
  description = "The function, by the alias that sources invoke: for the target of another source."
  value       = module.target.function_arn
}

output "function_log_group_name" {
  description = "Log group of the function."
  value       = module.target.log_group_name
}

output "function_role_arn" {
  description = "The function's own role."
  value       = module.target.function_role_arn
}

output "invoker_role_arn" {
  description = "The role that sources assume: for the target of another source."
  value       = module.target.role_arn
}

output "source_log_group_name" {
  description = "Log group of the executions."
  value       = module.source.log_group_name
}

output "source_role_arn" {
  description = "Role of the state machine."
  value       = module.source.role_arn
}

output "state_machine_arn" {
  description = "Start an execution of it."
  value       = module.source.state_machine_arn
}
