output "state_machine_arn" {
  description = "The state machine that the schedule starts; for a run besides, start an execution of it."
  value       = module.source.state_machine_arn
}
