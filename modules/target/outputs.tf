output "function_arn" {
  description = "The function that triggers DAG runs, by the alias that sources invoke."
  value       = local.alias_arn
  # A state machine that knows the function may invoke it at once.
  depends_on = [aws_lambda_alias.live]
}

output "function_role_arn" {
  description = "The function's own role."
  value       = "${local.role_arn_prefix}${local.function_role_name}"
  depends_on  = [aws_iam_role.function]
}

output "log_group_name" {
  description = "Log group of the function."
  value       = local.log_group_name
}

output "role_arn" {
  description = "The role that a source assumes: the function's own, or the dedicated invoker role."
  value       = "${local.role_arn_prefix}${local.invoker_role_name}"
  # A role is of use once its policy is there; each policy brings its role along.
  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.invoker]
}
