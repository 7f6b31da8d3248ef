locals {
  batch_arn            = "${local.states_arn}:stateMachine:${local.batch_name}"
  batch_log_group_name = var.logging.existing_log_group == null ? "/aws/vendedlogs/states/${local.batch_name}" : var.logging.existing_log_group.name
  batch_name           = "${var.name}-batch"
  batch_role_arn       = var.role.existing == null ? "${local.roles_arn}${var.role.path}${local.batch_name}" : var.role.existing.batch_arn

  # A day for the retries of the trigger and of the polls, which take up to half of that. At most what the Amazon
  # States Language accepts as TimeoutSeconds.
  item_timeout = min(86400 + try(var.wait_for_completion.timeout_seconds, 0), 99999999)

  # In JSONata, a comparison with a missing field is false, and so is a missing operand of `and`.
  no_list   = "$not($exists($states.input.dag_runs))"
  no_object = "$not($exists($states.input.bucket) or $exists($states.input.key))"
  key       = "$string($states.input.key)"
  object = [for batch in var.batch[*] : join(" and ", [
    local.no_list,
    "$states.input.bucket = '${batch.bucket}'",
    "$substring(${local.key}, 0, ${length(batch.prefix)}) = '${batch.prefix}'",
  ])]

  # State names are unique in a whole state machine, so the states in each map contain its kind.
  lists = [for object in local.object : [
    {
      name      = "Trigger List"
      kind      = "List"
      condition = "${local.no_object} and $type($states.input.dag_runs) = 'array'"
      item      = "item"
      reader    = null
    },
    {
      name      = "Trigger JSON Object"
      kind      = "JSON"
      condition = "${object} and $contains(${local.key}, /\\.json$/i)"
      item      = "item"
      reader    = { InputType = "JSON" }
    },
    {
      name      = "Trigger CSV Object"
      kind      = "CSV"
      condition = "${object} and $contains(${local.key}, /\\.csv$/i)"
      item      = "row"
      reader    = { InputType = "CSV", CSVHeaderLocation = "FIRST_ROW" }
    },
  ]]

  # The row of a CSV object without the byte order mark that spreadsheets write. AWS does not document whether the
  # reader removes it.
  row = { row = "(${trimspace(file("${path.module}/batch_row.jsonata"))})" }

  batch_definitions = [for index, batch in var.batch[*] : templatefile("${path.module}/batch.asl.json.tftpl", {
    blank_row         = "$join($each($states.input.row, function($cell) { $cell })) = ''"
    bucket            = batch.bucket
    item              = replace(templatefile("${path.module}/batch_item.jsonata", local.row), "/\\s+/", " ")
    item_timeout      = local.item_timeout
    lists             = local.lists[index]
    max_concurrency   = batch.max_concurrency
    partition         = local.partition
    reject_input      = replace(templatefile("${path.module}/batch_reject_input.jsonata", merge(batch, { state_machine = var.name })), "/\\s+/", " ")
    reject_item       = replace(templatefile("${path.module}/batch_reject_item.jsonata", local.row), "/\\s+/", " ")
    results           = "${batch.prefix}results"
    state_machine_arn = local.state_machine_arn
    # With 100, AWS would let a batch succeed in which every item failed ("Setting failure thresholds for Distributed
    # Map states in Step Functions").
    tolerated_failure_percentage = min(batch.tolerated_failure_percentage, 99)
  })]
}

resource "aws_cloudwatch_log_group" "batch" {
  count = var.batch != null && var.logging.existing_log_group == null ? 1 : 0

  name              = local.batch_log_group_name
  kms_key_id        = var.logging.kms_key_arn
  retention_in_days = coalesce(var.logging.retention_in_days, 30)
  skip_destroy      = var.logging.skip_destroy
  tags              = var.tags
}

resource "aws_sfn_state_machine" "batch" {
  #checkov:skip=CKV_AWS_284:It only starts executions of the other state machine, where they are traced.
  #checkov:skip=CKV_AWS_285:Its log would quote the input of failed items, so you switch it on.
  count = var.batch == null ? 0 : 1

  name       = local.batch_name
  definition = local.batch_definitions[0]
  role_arn   = local.batch_role_arn
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
    level                  = var.batch.log_level
    log_destination        = "${local.log_groups_arn}:${local.batch_log_group_name}:*"
  }

  # At creation, Step Functions checks that the role can deliver logs and manage its rule, and that the log group
  # exists. An execution that starts before the policy exists fails. The role starts executions of the other state
  # machine.
  depends_on = [
    aws_cloudwatch_log_group.batch,
    aws_iam_role_policy.batch,
    aws_sfn_state_machine.this,
  ]
}
