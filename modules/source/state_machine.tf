locals {
  reserved_state_names = ["Trigger MWAA DAG", "Wait for DAG Run", "Check DAG Run", "DAG Run Ended?", "DAG Run Succeeded"]

  # Every state but the last needs to know the one after it.
  preliminary_states = [
    for index, task in var.preliminary_tasks : merge(task, {
      next = try(var.preliminary_tasks[index + 1].name, "Trigger MWAA DAG")
    })
  ]

  # retry.json names the errors of Lambda that may pass ("Invoke" in the AWS Lambda API Reference, "Handle Lambda
  # service exceptions" in the AWS Step Functions Developer Guide) and crashes by every name that public reports give.
  definition = templatefile("${path.module}/trigger_dag.asl.json.tftpl", {
    check             = replace(local.check, "/\\s+/", " ")
    partition         = local.partition
    payload           = replace(file("${path.module}/payload.jsonata"), "/\\s+/", " ")
    preliminary_tasks = local.preliminary_states
    retry             = file("${path.module}/retry.json")
    start_at          = try(local.preliminary_states[0].name, "Trigger MWAA DAG")
    target            = var.target
    wait              = var.wait_for_completion
    poll_interval     = replace(local.growing_interval, "/\\s+/", " ")
  })

  # An object constructor leaves out what the input does not have; a field of JSON of its own would
  # fail there.
  check = templatefile("${path.module}/check.jsonata", {
    timeout_seconds = try(var.wait_for_completion.timeout_seconds, 0)
  })
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_284:Traces cost, so tracing is for the caller to switch on.
  #checkov:skip=CKV_AWS_285:Executions are logged; their input and output may hold clients' data, so that is for the caller to switch on.

  name       = var.name
  definition = local.definition
  role_arn   = aws_iam_role.this.arn
  tags       = var.tags

  # Always there: an update without it leaves the key as it was ("UpdateStateMachine" in the AWS Step
  # Functions API Reference).
  encryption_configuration {
    kms_data_key_reuse_period_seconds = try(var.encryption.data_key_reuse_period_seconds, null)
    kms_key_id                        = try(var.encryption.kms_key_arn, null)
    type                              = var.encryption == null ? "AWS_OWNED_KEY" : "CUSTOMER_MANAGED_KMS_KEY"
  }

  logging_configuration {
    include_execution_data = var.logging.include_execution_data
    level                  = var.logging.level
    log_destination        = "${local.log_group_arn}:*"
  }

  tracing_configuration {
    enabled = var.tracing
  }

  # Step Functions checks at creation that the role may deliver logs and that their group is there, and
  # an execution that starts before the policy is there fails.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
