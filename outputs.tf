output "batch_log_group_arn" {
  description = "ARN of the log group of the batches, in the source account, or null without `batch`."
  value       = module.source.batch_log_group_arn
}

output "batch_log_group_name" {
  description = "Log group of the batches, in the source account, or null without `batch`."
  value       = module.source.batch_log_group_name
}

output "batch_role_arn" {
  description = "ARN of the role of the batch state machine, in the source account, or null without `batch`."
  value       = module.source.batch_role_arn
}

output "batch_role_name" {
  description = "Name of the role of the batch state machine, in the source account, or null without `batch`."
  value       = module.source.batch_role_name
}

output "batch_state_machine_arn" {
  description = "ARN of the batch state machine, in the source account, or null without `batch`. Start an execution with a list of items."
  value       = module.source.batch_state_machine_arn
}

output "function_arn" {
  description = "ARN of the function's alias `live`, in the target account, which the state machine invokes."
  value       = module.target.function_arn
}

output "function_log_group_arn" {
  description = "ARN of the function's log group, in the target account."
  value       = module.target.log_group_arn
}

output "function_log_group_name" {
  description = "Log group of the function, in the target account."
  value       = module.target.log_group_name
}

output "function_name" {
  description = "Name of the function, in the target account."
  value       = module.target.function_name
}

output "function_role_arn" {
  description = "ARN of the function's own role, in the target account."
  value       = module.target.function_role_arn
}

output "function_role_name" {
  description = "Name of the function's own role, in the target account."
  value       = module.target.function_role_name
}

output "function_version" {
  description = "Version of the function that the alias `live` points to."
  value       = module.target.function_version
}

output "iam_policies" {
  description = "Trust and permissions policy (JSON) of each role in both accounts, for a team that creates the roles itself."
  value       = { source = module.source.iam_policies, target = module.target.iam_policies }
}

output "log_group_arn" {
  description = "ARN of the log group of the executions, in the source account."
  value       = module.source.log_group_arn
}

output "log_group_name" {
  description = "Log group of the executions, in the source account."
  value       = module.source.log_group_name
}

output "source_role_arn" {
  description = "ARN of the role of the state machine, in the source account."
  value       = module.source.role_arn
}

output "source_role_name" {
  description = "Name of the role of the state machine, in the source account."
  value       = module.source.role_name
}

output "state_machine_arn" {
  description = "ARN of the state machine, in the source account. Start an execution with the input of one DAG run."
  value       = module.source.state_machine_arn
}

output "target_role_arn" {
  description = "ARN of the role, in the target account, that the state machine assumes."
  value       = module.target.role_arn
}

output "target_role_name" {
  description = "Name of the role, in the target account, that the state machine assumes."
  value       = module.target.role_name
}

output "unqualified_function_arn" {
  description = "ARN of the function without its alias, in the target account, for permissions to manage the function."
  value       = module.target.unqualified_function_arn
}
