"""Outputs are computed from names, so each depends on the resource that its user needs."""

from __future__ import annotations

import pytest

from tests.terraform.planner import Plan

NEEDED = {
    "source": {
        "batch_log_group_arn": {"aws_cloudwatch_log_group.batch"},
        "batch_log_group_name": {"aws_cloudwatch_log_group.batch"},
        "batch_role_arn": {"aws_iam_role.batch"},
        "batch_role_name": {"aws_iam_role.batch"},
        "batch_state_machine_arn": {"aws_sfn_state_machine.batch"},
        # The target trusts the state machine before it exists.
        "external_id": set(),
        # Somebody else creates these roles before the rest exists.
        "iam_policies": set(),
        "log_group_arn": {"aws_cloudwatch_log_group.this"},
        "log_group_name": {"aws_cloudwatch_log_group.this"},
        # IAM rejects a trust policy whose principal does not exist.
        "role_arn": {"aws_iam_role.this"},
        "role_name": {"aws_iam_role.this"},
        "state_machine_arn": {"aws_sfn_state_machine.this"},
    },
    "target": {
        "function_arn": {"aws_lambda_alias.live"},
        "function_name": {"aws_lambda_function.this"},
        "function_role_arn": {"aws_iam_role.function"},
        "function_role_name": {"aws_iam_role.function"},
        "function_version": {"aws_lambda_alias.live"},
        "iam_policies": set(),
        "log_group_arn": {"aws_cloudwatch_log_group.this"},
        "log_group_name": {"aws_cloudwatch_log_group.this"},
        # The source assumes the role and invokes the function, which needs the policies.
        "role_arn": {"aws_iam_role_policy.function", "aws_iam_role_policy.invoker"},
        "role_name": {"aws_iam_role_policy.function", "aws_iam_role_policy.invoker"},
        "unqualified_function_arn": {"aws_lambda_function.this"},
    },
}


@pytest.mark.parametrize("module", NEEDED)
def test_each_output_exists_once_it_can_be_used(sandbox_plan: Plan, module: str) -> None:
    outputs = sandbox_plan.module(module)["outputs"]

    named = {
        name: [*output.get("depends_on", []), *output["expression"].get("references", [])]
        for name, output in outputs.items()
    }
    assert {
        name: {address for address in addresses if is_resource(address)}
        for name, addresses in named.items()
    } == NEEDED[module]


def is_resource(address: str) -> bool:
    return address.startswith("aws_") and address.count(".") == 1
