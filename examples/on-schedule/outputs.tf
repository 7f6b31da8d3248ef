output "state_machine_arn" {
  description = "ARN of the state machine that the schedule starts. For an additional DAG run, start an execution."
  value       = module.source.state_machine_arn
}
