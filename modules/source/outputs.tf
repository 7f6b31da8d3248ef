output "batch_log_group_arn" {
  description = "ARN of the log group of the batches, or null without `batch`."
  value       = var.batch == null ? null : "${local.log_groups_arn}:${local.batch_log_group_name}"
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.batch]
}

output "batch_log_group_name" {
  description = "Log group of the batches, or null without `batch`."
  value       = var.batch == null ? null : local.batch_log_group_name
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.batch]
}

output "batch_role_arn" {
  description = "ARN of the role of the batch state machine, or null without `batch`."
  value       = var.batch == null ? null : local.batch_role_arn
  # KMS rejects a key policy whose principal does not exist yet.
  depends_on = [aws_iam_role.batch]
}

output "batch_role_name" {
  description = "Name of the role of the batch state machine, or null without `batch`."
  value       = var.batch == null ? null : element(split("/", local.batch_role_arn), -1)
  # Another policy can be attached once the role exists.
  depends_on = [aws_iam_role.batch]
}

output "batch_state_machine_arn" {
  description = "ARN of the batch state machine, or null without `batch`. Start an execution with a list of items."
  value       = var.batch == null ? null : local.batch_arn
  # Its user may look it up in the same apply.
  depends_on = [aws_sfn_state_machine.batch]
}

output "external_id" {
  description = "ARN of the state machine, which Step Functions sends as external id. Known before the state machine exists, so that the target can trust it first."
  value       = local.state_machine_arn
}

output "iam_policies" {
  description = "Trust and permissions policy (JSON) of each role, for a team that creates the roles itself: `state_machine`, and with `batch` also `batch`."
  value = merge(
    { state_machine = { trust = local.trust_policy, permissions = local.policy } },
    { for policy in local.batch_policies : "batch" => { trust = local.batch_trust_policy, permissions = policy } },
  )
}

output "log_group_arn" {
  description = "ARN of the log group of the executions."
  value       = "${local.log_groups_arn}:${local.log_group_name}"
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.this]
}

output "log_group_name" {
  description = "Log group of the executions."
  value       = local.log_group_name
  # A subscription filter needs the log group.
  depends_on = [aws_cloudwatch_log_group.this]
}

output "role_arn" {
  description = "ARN of the role of the state machine, which the target trusts."
  value       = local.role_arn
  # IAM rejects a trust policy whose principal does not exist yet.
  depends_on = [aws_iam_role.this]
}

output "role_name" {
  description = "Name of the role of the state machine."
  value       = element(split("/", local.role_arn), -1)
  # Another policy can be attached once the role exists.
  depends_on = [aws_iam_role.this]
}

output "state_machine_arn" {
  description = "ARN of the state machine. Start an execution with the input of one DAG run. For `trusted_sources` of the target, use `external_id`: the state machine is created after the target."
  value       = local.state_machine_arn
  # Its user may look it up in the same apply.
  depends_on = [aws_sfn_state_machine.this]
}
