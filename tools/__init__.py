"""What serves the whole project: set-up, paths, Terraform, and the end of all processes."""
