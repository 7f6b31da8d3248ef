"""The batch's role: what a distributed map of onboardings needs is allowed, and nothing beside it."""

from __future__ import annotations

import pytest

from sandbox.aws.accounts import REGION
from sandbox.aws.accounts import SOURCE_ACCOUNT as SOURCE
from sandbox.iam import Simulator
from tests.terraform.planner import Plan

NAME = "data-onboarding-staging"
ROLE = f"arn:aws:iam::{SOURCE}:role/{NAME}-batch"
MODULE = 'module.batch["batch"]'
STATES = f"arn:aws:states:{REGION}:{SOURCE}"
RULES = f"arn:aws:events:{REGION}:{SOURCE}:rule"
RULE = f"{RULES}/StepFunctionsGetEventsForStepFunctionsExecutionRule"
BUCKET = "arn:aws:s3:::data-onboarding-batches"

NEEDED = [
    ("states:StartExecution", f"{STATES}:stateMachine:{NAME}"),
    ("states:StartExecution", f"{STATES}:stateMachine:{NAME}-batch"),
    ("states:DescribeExecution", f"{STATES}:execution:{NAME}:one"),
    ("states:StopExecution", f"{STATES}:execution:{NAME}:one"),
    ("states:DescribeExecution", f"{STATES}:execution:{NAME}-batch/csv:one"),
    ("states:StopExecution", f"{STATES}:execution:{NAME}-batch/csv:one"),
    ("states:RedriveExecution", f"{STATES}:execution:{NAME}-batch/csv:one"),
    *((f"events:{action}", RULE) for action in ("DescribeRule", "PutRule", "PutTargets")),
    ("s3:GetObject", f"{BUCKET}/staging/clients.csv"),
    ("s3:PutObject", f"{BUCKET}/staging/results/run/manifest.json"),
    ("s3:AbortMultipartUpload", f"{BUCKET}/staging/results/run/SUCCEEDED_0.json"),
    ("s3:ListMultipartUploadParts", f"{BUCKET}/staging/results/run/SUCCEEDED_0.json"),
]
REFUSED = [
    ("states:StartExecution", f"{STATES}:stateMachine:other"),
    ("states:StopExecution", f"{STATES}:execution:{NAME}-other:one"),
    ("states:StopExecution", f"{STATES}:execution:{NAME}-batch:one"),
    ("states:RedriveExecution", f"{STATES}:execution:{NAME}:one"),
    ("states:UpdateStateMachine", f"{STATES}:stateMachine:{NAME}"),
    ("events:PutTargets", f"{RULES}/other"),
    ("events:DeleteRule", RULE),
    ("s3:GetObject", f"{BUCKET}/production/clients.csv"),
    ("s3:PutObject", f"{BUCKET}/staging/clients.csv"),
    ("s3:DeleteObject", f"{BUCKET}/staging/results/run/manifest.json"),
    ("s3:ListBucket", BUCKET),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{SOURCE}:function:update-client-database"),
    ("sts:AssumeRole", f"arn:aws:iam::222222222222:role/{NAME}-invoker"),
]


def named(pairs: list[tuple[str, str]]) -> list[str]:
    return [f"{action} {resource.rpartition(':')[2]}" for action, resource in pairs]


def allowed(plan: Plan, simulator: Simulator, action: str, resource: str) -> bool:
    return simulator.allows(
        principal=ROLE,
        action=action,
        resource=resource,
        identity_policies={"p": plan.policy(f"{MODULE}.aws_iam_role_policy.this")},
    )


@pytest.mark.parametrize(("action", "resource"), NEEDED, ids=named(NEEDED))
def test_it_may(example_plan: Plan, simulator: Simulator, action: str, resource: str) -> None:
    assert allowed(example_plan, simulator, action, resource)


@pytest.mark.parametrize(("action", "resource"), REFUSED, ids=named(REFUSED))
def test_it_may_not(example_plan: Plan, simulator: Simulator, action: str, resource: str) -> None:
    assert not allowed(example_plan, simulator, action, resource)


@pytest.mark.parametrize(
    ("state_machine", "trusted"),
    [
        pytest.param(f"{NAME}-batch", True, id="the batch"),
        pytest.param(f"{NAME}-batch/csv", True, id="a map of it"),
        pytest.param(NAME, False, id="the onboarding"),
        pytest.param(f"{NAME}-batch-other", False, id="another"),
    ],
)
def test_step_functions_assumes_it_for(
    example_plan: Plan, simulator: Simulator, state_machine: str, trusted: bool
) -> None:
    assumes = simulator.allows(
        principal="states.amazonaws.com",
        action="sts:AssumeRole",
        resource=ROLE,
        identity_policies={},
        resource_policy=example_plan.trust(f"{MODULE}.aws_iam_role.this"),
        context={
            "aws:SourceAccount": SOURCE,
            "aws:SourceArn": f"{STATES}:stateMachine:{state_machine}",
        },
    )

    assert assumes is trusted
