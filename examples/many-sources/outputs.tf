output "state_machine_arns" {
  description = "ARN of the state machine of each source."
  value = {
    finance = module.finance.state_machine_arn
    sales   = module.sales.state_machine_arn
  }
}
