resource "aws_lambda_function" "this" {
  function_name = var.name
  description   = "Triggers MWAA DAG runs for other accounts' state machines"
  role          = aws_iam_role.function.arn

  package_type     = "Zip"
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  handler          = "mwaa_dags_trigger.app.lambda_handler"
  runtime          = "python3.13"

  architectures = [var.function.architecture]
  memory_size   = var.function.memory_size
  timeout       = var.function.timeout

  environment {
    variables = { TRANSPORT = var.transport }
  }

  logging_config {
    log_format = "JSON"
    # By reference, so that the log group comes first: else Lambda makes one that is kept for ever.
    log_group = aws_cloudwatch_log_group.this.name
  }

  # An invocation that comes before the policy is there fails.
  depends_on = [aws_iam_role_policy.function]
}
