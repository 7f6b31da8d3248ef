"""Values that are known only after apply, such as names with a random suffix or roles of the same apply."""

from __future__ import annotations

from tests.terraform.planner import Planner


def test_every_value_of_the_modules_may_be_unknown_at_plan(planner: Planner) -> None:
    plan = planner.plan("tests/terraform/configurations/unknown")

    created = {
        change["address"]
        for change in plan.document["resource_changes"]
        if change["type"] != "terraform_data"
    }
    # A name is part of an address only if it is a key of for_each, which is then unknown.
    assert {address for address in created if "source." in address or "target." in address} == {
        *(f"module.source.{resource}" for resource in SOURCE),
        *(f"module.target.{resource}" for resource in TARGET),
    }
    assert {address for address in created if "with_existing" in address} == {
        *(f"module.source_with_existing.{resource}" for resource in EXECUTION_ALARMS),
        "module.source_with_existing.aws_cloudwatch_dashboard.this[0]",
        "module.source_with_existing.aws_sfn_state_machine.batch[0]",
        "module.source_with_existing.aws_sfn_state_machine.this",
        "module.target_with_existing.aws_lambda_alias.live",
        "module.target_with_existing.aws_lambda_function.this",
    }


EXECUTION_ALARMS = {
    f'aws_cloudwatch_metric_alarm.executions["{key}"]'
    for key in (
        "batch-aborted",
        "batch-failed",
        "batch-timed-out",
        "execution-failed",
        "execution-timed-out",
    )
}
FUNCTION_ALARMS = {
    f'aws_cloudwatch_metric_alarm.this["{key}"]'
    for key in (
        "access-denied",
        "environment-not-ready",
        "function-import-failed",
        "function-slow",
        "function-throttled",
        "outcomes-unknown",
    )
}
SOURCE = {
    *EXECUTION_ALARMS,
    "aws_cloudwatch_dashboard.this[0]",
    "aws_cloudwatch_event_rule.failed[0]",
    "aws_cloudwatch_event_target.topic[0]",
    "aws_cloudwatch_log_group.batch[0]",
    "aws_cloudwatch_log_group.this[0]",
    "aws_cloudwatch_metric_alarm.no_success[0]",
    "aws_iam_role.batch[0]",
    "aws_iam_role.this[0]",
    "aws_iam_role_policy.batch[0]",
    "aws_iam_role_policy.this[0]",
    "aws_sfn_state_machine.batch[0]",
    "aws_sfn_state_machine.this",
}
TARGET = {
    *FUNCTION_ALARMS,
    "aws_cloudwatch_dashboard.this[0]",
    "aws_cloudwatch_log_group.this[0]",
    "aws_cloudwatch_log_metric_filter.errors[0]",
    "aws_iam_role.function[0]",
    "aws_iam_role.invoker[0]",
    "aws_iam_role_policy.function[0]",
    "aws_iam_role_policy.invoker[0]",
    "aws_lambda_alias.live",
    "aws_lambda_function.this",
}
