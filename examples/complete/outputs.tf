output "source" {
  description = "All outputs of the source module."
  value       = module.source
}

output "target" {
  description = "All outputs of the target module."
  value       = module.target
}
