output "function_arn" {
  description = "ARN of the function's alias `live`, which sources invoke."
  value       = local.alias_arn
  # A state machine that knows the function may invoke it at once.
  depends_on = [aws_lambda_alias.live]
}

output "function_name" {
  description = "Name of the function."
  value       = var.name
  # An alarm or a policy of the function needs the function.
  depends_on = [aws_lambda_function.this]
}

output "function_role_arn" {
  description = "ARN of the function's own role."
  value       = local.function_role_arn
  # KMS rejects a key policy whose principal does not exist yet.
  depends_on = [aws_iam_role.function]
}

output "function_role_name" {
  description = "Name of the function's own role."
  value       = element(split("/", local.function_role_arn), -1)
  # Another policy can be attached once the role exists.
  depends_on = [aws_iam_role.function]
}

output "function_version" {
  description = "Version of the function that the alias `live` points to."
  value       = aws_lambda_alias.live.function_version
}

output "iam_policies" {
  description = "Trust and permissions policy (JSON) of each role, for a team that creates the roles itself: `function`, and with `dedicated_invoker_role` also `invoker`."
  value = merge(
    { function = { trust = local.function_trust_policy, permissions = local.function_policy } },
    var.dedicated_invoker_role ? {
      invoker = { trust = local.invoker_trust_policy, permissions = local.invoker_policy }
    } : {},
  )
}

output "log_group_arn" {
  description = "ARN of the function's log group."
  value       = local.log_group_arn
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.this]
}

output "log_group_name" {
  description = "Log group of the function."
  value       = local.log_group_name
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.this]
}

output "role_arn" {
  description = "ARN of the role that sources assume: the function's own, or the dedicated invoker role."
  value       = local.invoker_role_arn
  # A role is useful once its policy exists. Each policy depends on its role.
  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.invoker]
}

output "role_name" {
  description = "Name of the role that sources assume."
  value       = element(split("/", local.invoker_role_arn), -1)
  # As for role_arn.
  depends_on = [aws_iam_role_policy.function, aws_iam_role_policy.invoker]
}

output "unqualified_function_arn" {
  description = "ARN of the function without its alias, for permissions to manage the function."
  value       = local.function_arn
  # A policy of the function needs the function.
  depends_on = [aws_lambda_function.this]
}
