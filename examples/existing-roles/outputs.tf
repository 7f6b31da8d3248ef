output "iam_roles" {
  description = "The roles for the IAM team, known before the first apply: `arn`, `trust` policy and `permissions` policy of each."
  value = {
    for role, policies in merge(module.source.iam_policies, module.target.iam_policies) :
    role => merge(policies, { arn = var.role_arns[role] })
  }
}

output "state_machine_arn" {
  description = "ARN of the state machine. Start an execution of it."
  value       = module.source.state_machine_arn
}
