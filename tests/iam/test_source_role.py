"""The source's role: what its state machine needs is allowed, and nothing beside it."""

from __future__ import annotations

import pytest

from sandbox.iam import is_allowed
from tests.iam.accounts import SOURCE, Iam
from tests.iam.planned import REGION
from tests.terraform.planner import Plan


def test_step_functions_assumes_it_for_its_state_machine(iam: Iam) -> None:
    context = {"aws:SourceAccount": SOURCE, "aws:SourceArn": iam.state_machine}

    assert iam.may_assume("states.amazonaws.com", iam.source_role, context)


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(
            {
                "aws:SourceAccount": "333333333333",
                "aws:SourceArn": f"arn:aws:states:{REGION}:333333333333:stateMachine:m",
            },
            id="another account's state machine",
        ),
        pytest.param(
            {
                "aws:SourceAccount": SOURCE,
                "aws:SourceArn": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other",
            },
            id="another state machine of this account",
        ),
        pytest.param(
            {
                "aws:SourceAccount": "333333333333",
                "aws:SourceArn": (
                    f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:mwaa-dags-trigger-sandbox"
                ),
            },
            id="this state machine for another account",
        ),
        pytest.param({}, id="no state machine"),
    ],
)
def test_step_functions_does_not_assume_it_for(iam: Iam, context: dict[str, str]) -> None:
    assert not iam.may_assume("states.amazonaws.com", iam.source_role, context)


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param("lambda.amazonaws.com", id="another service"),
        pytest.param(f"arn:aws:iam::{SOURCE}:role/other", id="a role of this account"),
    ],
)
def test_it_is_assumed_by_no(iam: Iam, principal: str) -> None:
    context = {"aws:SourceAccount": SOURCE, "aws:SourceArn": iam.state_machine}

    assert not iam.may_assume(principal, iam.source_role, context)


@pytest.mark.parametrize(
    "task", ["check-quota:live", "prepare"], ids=["an alias", "a function used twice"]
)
def test_it_invokes_each_of_several_preliminary_tasks(modules_plan: Plan, task: str) -> None:
    allowed = is_allowed(
        principal=f"arn:aws:iam::{SOURCE}:role/busy-source",
        action="lambda:InvokeFunction",
        resource=f"arn:aws:lambda:{REGION}:{SOURCE}:function:{task}",
        identity_policies={"p": modules_plan.policy("module.busy.aws_iam_role_policy.this")},
    )

    assert allowed
