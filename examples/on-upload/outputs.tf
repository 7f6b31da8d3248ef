output "state_machine_arn" {
  description = "The state machine that an upload starts."
  value       = module.source.state_machine_arn
}

output "upload_uri" {
  description = "Upload there."
  value       = "s3://${aws_s3_bucket.uploads.bucket}/${var.prefix}"
}
