"""The source account: the role and the log of the state machine, and the order of its resources."""

from __future__ import annotations

import pytest

from tests.terraform.planner import Plan
from tests.terraform.values import like

DELIVER_LOGS = {
    "Sid": "DeliverLogs",
    "Effect": "Allow",
    "Action": [
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ],
    "Resource": "*",
}


def assume(role_arn: str) -> dict[str, str]:
    return {
        "Sid": "AssumeTargetRole",
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": role_arn,
    }


def test_only_step_functions_may_assume_the_role_for_this_state_machine(
    sandbox_plan: Plan,
) -> None:
    assert sandbox_plan.trust("module.source.aws_iam_role.this[0]") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "states.amazonaws.com"},
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": sandbox_plan.outputs["state_machine_arn"]},
                    "StringEquals": {"aws:SourceAccount": "111111111111"},
                },
            }
        ],
    }


def test_the_role_may_invoke_each_task_once_named_and_assume_the_target_role(
    modules_plan: Plan,
) -> None:
    functions = "arn:aws:lambda:eu-central-1:111111111111:function:"

    assert modules_plan.policy("module.busy.aws_iam_role_policy.this[0]") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "InvokePreliminaryTasks",
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": [f"{functions}check-quota:live", f"{functions}prepare"],
            },
            assume("arn:aws:iam::222222222222:role/shared-target"),
            DELIVER_LOGS,
        ],
    }


def test_without_preliminary_tasks_the_role_may_invoke_nothing(modules_plan: Plan) -> None:
    assert modules_plan.policy("module.plain.aws_iam_role_policy.this[0]") == {
        "Version": "2012-10-17",
        "Statement": [assume("arn:aws:iam::222222222222:role/shared-target"), DELIVER_LOGS],
    }


def test_the_source_may_assume_the_dedicated_invoker_role(
    example_plan: Plan,
) -> None:
    statements = example_plan.policy("module.source.aws_iam_role_policy.this[0]")["Statement"]
    role_arn = "arn:aws:iam::222222222222:role/data-onboarding-staging-invoker"

    assert assume(role_arn) in statements
    credentials = example_plan.definition()["States"]["Trigger MWAA DAG"]["Credentials"]
    assert credentials == {"RoleArn": role_arn}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        pytest.param("plain", ("ERROR", False, 30), id="by default errors without data"),
        pytest.param("busy", ("ALL", True, 7), id="as asked for"),
    ],
)
def test_executions_are_logged(
    modules_plan: Plan, module: str, expected: tuple[str, bool, int]
) -> None:
    level, data, days = expected
    state_machine = modules_plan.resources[f"module.{module}.aws_sfn_state_machine.this"]
    name = f"/aws/vendedlogs/states/{module}"
    log_group = modules_plan.resources[f"module.{module}.aws_cloudwatch_log_group.this[0]"]

    assert like(
        state_machine["logging_configuration"], [{"level": "", "include_execution_data": ""}]
    ) == [{"level": level, "include_execution_data": data}]
    assert log_group["name"] == name
    assert log_group["retention_in_days"] == days


def test_the_log_goes_to_the_modules_own_log_group(modules_plan: Plan) -> None:
    [logging] = modules_plan.resources["module.plain.aws_sfn_state_machine.this"][
        "logging_configuration"
    ]

    assert logging["log_destination"] == (
        "arn:aws:logs:eu-central-1:111111111111:log-group:/aws/vendedlogs/states/plain:*"
    )


def test_policy_and_log_come_before_the_state_machine(
    sandbox_plan: Plan,
) -> None:
    module = sandbox_plan.module("source")
    depends_on = {
        resource["name"]: resource["depends_on"]
        for resource in module["resources"]
        if resource["type"] == "aws_sfn_state_machine"
    }

    assert depends_on == {
        "batch": [
            "aws_cloudwatch_log_group.batch",
            "aws_iam_role_policy.batch",
            "aws_sfn_state_machine.this",
        ],
        "this": ["aws_cloudwatch_log_group.this", "aws_iam_role_policy.this"],
    }


def test_the_target_comes_before_the_state_machine(sandbox_plan: Plan) -> None:
    calls = sandbox_plan.document["configuration"]["root_module"]["module_calls"]

    references = calls["source"]["expressions"]["target"]["references"]
    assert {"module.target.role_arn", "module.target.function_arn"} <= set(references)
    assert not any("depends_on" in call for call in calls.values())
