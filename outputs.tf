output "batch_state_machine_arn" {
  description = "The state machine, in the source account, that onboards all of a list; null without batch."
  value       = one(values(module.batch)[*].state_machine_arn)
}

output "function_arn" {
  description = "The Lambda function, in the target account, that triggers DAG runs: the alias that the state machine invokes."
  value       = module.target.function_arn
}

output "source_role_arn" {
  description = "Role of the state machine, in the source account."
  value       = module.source.role_arn
}

output "state_machine_arn" {
  description = "The state machine, in the source account: start an execution of it."
  value       = module.source.state_machine_arn
}

output "target_role_arn" {
  description = "The role, in the target account, that the state machine assumes."
  value       = module.target.role_arn
}
