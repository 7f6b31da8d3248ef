output "state_machine_arns" {
  description = "The state machine of each source."
  value = {
    finance = module.finance.state_machine_arn
    sales   = module.sales.state_machine_arn
  }
}
