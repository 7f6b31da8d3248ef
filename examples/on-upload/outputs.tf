output "state_machine_arn" {
  description = "ARN of the state machine that an upload starts."
  value       = module.source.state_machine_arn
}

output "upload_uri" {
  description = "URI below which you upload objects."
  value       = "s3://${aws_s3_bucket.uploads.bucket}/${var.prefix}"
}
