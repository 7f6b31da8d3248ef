locals {
  reserved_state_names = ["Trigger MWAA DAG", "Wait for DAG Run", "Check DAG Run", "DAG Run Ended?", "DAG Run Succeeded"]

  # Each preliminary task needs the name of the next state.
  preliminary_states = [
    for index, task in var.preliminary_tasks : merge(task, {
      next = try(var.preliminary_tasks[index + 1].name, "Trigger MWAA DAG")
    })
  ]

  # Both payloads read fields in an object constructor, which omits missing fields. As the value of a JSON field, an
  # expression fails for a missing field.
  check_payload = templatefile("${path.module}/check_payload.jsonata", {
    timeout_seconds = try(var.wait_for_completion.timeout_seconds, 0)
  })

  # retry.json contains the transient errors of Lambda ("Invoke" in the AWS Lambda API Reference, "Handle Lambda service
  # exceptions" in the AWS Step Functions Developer Guide) and crashes by all names in public reports.
  definition = templatefile("${path.module}/trigger_dag.asl.json.tftpl", {
    check_payload     = replace(local.check_payload, "/\\s+/", " ")
    partition         = local.partition
    poll_interval     = replace(local.growing_interval, "/\\s+/", " ")
    preliminary_tasks = local.preliminary_states
    retry             = file("${path.module}/retry.json")
    start_at          = try(local.preliminary_states[0].name, "Trigger MWAA DAG")
    target            = var.target
    trigger_payload   = replace(file("${path.module}/trigger_payload.jsonata"), "/\\s+/", " ")
    wait              = var.wait_for_completion
  })
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_284:Traces cost money, so you switch them on with `tracing`.
  #checkov:skip=CKV_AWS_285:Executions are logged without input and output, which may contain personal data, so you switch them on.

  name       = var.name
  definition = local.definition
  role_arn   = local.role_arn
  tags       = var.tags

  # Always set: an update without this block keeps the previous key ("UpdateStateMachine" in the AWS Step Functions
  # API Reference).
  encryption_configuration {
    kms_data_key_reuse_period_seconds = try(var.encryption.data_key_reuse_period_seconds, null)
    kms_key_id                        = try(var.encryption.kms_key_arn, null)
    type                              = var.encryption == null ? "AWS_OWNED_KEY" : "CUSTOMER_MANAGED_KMS_KEY"
  }

  logging_configuration {
    include_execution_data = var.logging.include_execution_data
    level                  = var.logging.level
    log_destination        = "${local.log_groups_arn}:${local.log_group_name}:*"
  }

  tracing_configuration {
    enabled = var.tracing
  }

  # At creation, Step Functions checks that the role can deliver logs and that the log group exists. An execution that
  # starts before the policy exists fails.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
