locals {
  # JSONata compares what is not there to anything as false, and its `and` takes it as false.
  no_list   = "$not($exists($states.input.dag_runs))"
  no_object = "$not($exists($states.input.bucket) or $exists($states.input.key))"
  key       = "$string($states.input.key)"
  object = join(" and ", [
    local.no_list,
    "$states.input.bucket = '${var.bucket}'",
    "$substring(${local.key}, 0, ${length(var.prefix)}) = '${var.prefix}'",
  ])

  # Names of states are unique in the whole state machine, so those in each Map have its kind in them.
  lists = [
    {
      name      = "Onboard List"
      kind      = "List"
      condition = "${local.no_object} and $type($states.input.dag_runs) = 'array'"
      item      = "item"
      reader    = null
    },
    {
      name      = "Onboard JSON Object"
      kind      = "JSON"
      condition = "${local.object} and $contains(${local.key}, /\\.json$/i)"
      item      = "item"
      reader    = { InputType = "JSON" }
    },
    {
      name      = "Onboard CSV Object"
      kind      = "CSV"
      condition = "${local.object} and $contains(${local.key}, /\\.csv$/i)"
      item      = "row"
      reader    = { InputType = "CSV", CSVHeaderLocation = "FIRST_ROW" }
    },
  ]

  refuse_input = templatefile("${path.module}/refuse_input.jsonata", {
    bucket     = var.bucket
    onboarding = local.onboarding_name
    prefix     = var.prefix
  })

  # The row of a CSV object, without the byte order mark that spreadsheets write: AWS does not document that it
  # removes it.
  row = { row = "(${trimspace(file("${path.module}/row.jsonata"))})" }

  definition = templatefile("${path.module}/batch.asl.json.tftpl", {
    blank_row        = "$join($each($states.input.row, function($cell) { $cell })) = ''"
    bucket           = var.bucket
    lists            = local.lists
    max_concurrency  = var.max_concurrency
    onboarding       = var.onboarding
    onboarding_input = replace(templatefile("${path.module}/onboarding.jsonata", local.row), "/\\s+/", " ")
    partition        = local.partition
    refuse_input     = replace(local.refuse_input, "/\\s+/", " ")
    refuse_item      = replace(templatefile("${path.module}/refuse_item.jsonata", local.row), "/\\s+/", " ")
    results_key      = local.results_key
    # With 100 AWS would let a batch succeed in which every item failed ("Setting failure thresholds for
    # Distributed Map states in Step Functions").
    tolerated_failure_percentage = min(var.tolerated_failure_percentage, 99)
  })
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_284:It only starts executions; those are traced where their own state machine is.
  name       = local.batch_name
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

  # Step Functions checks at creation that the role may deliver logs and make its rule, and that the log
  # group is there; an execution that starts before the policy is there fails.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
