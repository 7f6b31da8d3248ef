"""The permissions in docs/deploy-permissions-with-boundary.json are sufficient for roles with this boundary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.aws.accounts import BOUNDED_DEPLOYER
from sandbox.deployment import Deployment
from tests.sandbox.deployment.held_mwaa import SECONDS, HeldFront
from tests.sandbox.deployment.switched_variables import (
    ACCOUNTS,
    SET_WITHOUT_EXECUTIONS,
    SWITCHED,
    restricted_account,
)
from tests.sandbox.deployment.test_deployers import EVENT, no_progress
from tests.support.local_aws.terraform import Stack, Terraform
from tests.terraform.root_variables import SANDBOX

VARIABLES = {
    **SET_WITHOUT_EXECUTIONS,
    **SWITCHED,
    **{
        f"{side}_account": {
            **restricted_account(number),
            "assume_role_arn": f"arn:aws:iam::{number}:role/{BOUNDED_DEPLOYER}",
        }
        for side, number in ACCOUNTS.items()
    },
}
"""Every option, and the boundary."""


@pytest.fixture
def stack(terraform: Terraform, tmp_path: Path) -> Iterator[Stack]:
    """The root configuration, whose every command uses these variables."""
    (tmp_path / "front").mkdir()
    with (
        HeldFront(tmp_path / "front") as front,
        terraform.stack(front, tmp_path / "deployment") as stack,
    ):
        file = tmp_path / "bounded.tfvars.json"
        file.write_text(json.dumps(VARIABLES))
        bounded = Deployment(
            tmp_path / "deployment", terraform.environment_for(stack.aws), [SANDBOX, str(file)]
        )
        yield replace(stack, deployment=bounded)


def test_everything_can_be_deployed_and_destroyed(
    stack: Stack,
) -> None:
    deployment = stack.deployment
    before = [*stack.source.resources(), *stack.target.resources()]

    outputs = deployment.apply(no_progress).outputs
    roles = [address for address in deployment.resources() if ".aws_iam_role." in address]
    deployment.apply(no_progress, replace=roles)
    execution = stack.source.execute(
        outputs["state_machine_arn"], EVENT, name="bounded", timeout=SECONDS
    )
    deployment.destroy(no_progress)

    assert len(roles) == 4
    assert execution["status"] == "SUCCEEDED"
    assert [*stack.source.resources(), *stack.target.resources()] == before
