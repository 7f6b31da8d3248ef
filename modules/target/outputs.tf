output "function_arn" {
  description = "The function that triggers DAG runs."
  value       = local.function_arn
  # A state machine that knows the function may invoke it at once.
  depends_on = [aws_lambda_function.this]
}

output "function_role_arn" {
  description = "The function's own role."
  value       = "arn:${local.partition}:iam::${local.account_id}:role/${local.function_role_name}"
  depends_on  = [aws_iam_role.function]
}

output "log_group_name" {
  description = "Log group of the function."
  value       = aws_cloudwatch_log_group.this.name
}

output "role_arn" {
  description = "The role that a source assumes: the function's own, or the dedicated invoker role."
  value       = "arn:${local.partition}:iam::${local.account_id}:role/${local.invoker_role_name}"
  # A role is of use once its policy is there; each policy brings its role along.
  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.invoker]
}
