"""The blocks in the modules' READMEs and the examples can be planned without changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import permission_files
from tests.terraform.examples import plan_example
from tests.terraform.planner import Plan, Planner

NAME = "client-onboarding"
INVOKER = "module.target.aws_iam_role.invoker[0]"
ACCOUNTS = {"source": "111111111111", "target": "222222222222"}


@pytest.fixture(scope="session")
def example_plans(planner: Planner) -> dict[str, Plan]:
    """Both states of the example, with the same name."""
    return {side: plan_example(planner, f"separate-states/{side}") for side in ACCOUNTS}


@pytest.mark.parametrize(
    "address",
    ["module.source.aws_sfn_state_machine.this", "module.target.aws_lambda_function.this"],
)
def test_the_usage_blocks_are_a_complete_configuration(modules_plan: Plan, address: str) -> None:
    assert f"module.usage.{address}" in modules_plan.resources


def test_separate_states_agree_on_the_state_machine_and_its_role(
    example_plans: dict[str, Plan],
) -> None:
    source, target = example_plans["source"], example_plans["target"]
    [trust] = target.trust(INVOKER)["Statement"]

    account = f"arn:aws:iam::{ACCOUNTS['source']}"
    role = source.resources["module.source.aws_iam_role.this[0]"]["name"]
    assert trust["Principal"] == {"AWS": [f"{account}:root"]}
    assert trust["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": [f"{account}:role/{role}"]},
        "StringEquals": {"sts:ExternalId": [source.outputs["state_machine_arn"]]},
    }


def test_separate_states_agree_on_the_function_and_its_role(
    example_plans: dict[str, Plan],
) -> None:
    source, target = example_plans["source"], example_plans["target"]
    trigger = source.definition()["States"]["Trigger MWAA DAG"]

    assert trigger["Arguments"]["FunctionName"] == target.outputs["function_arn"]
    role = target.resources[INVOKER]["name"]
    assert trigger["Credentials"] == {"RoleArn": f"arn:aws:iam::{ACCOUNTS['target']}:role/{role}"}


@pytest.mark.parametrize(
    ("file", "page"),
    permission_files.PAGES.items(),
    ids=[page.stem for page in permission_files.PAGES.values()],
)
def test_a_page_has_the_table_of_permissions(file: Path, page: Path) -> None:
    table = permission_files.create_table(file)

    # If this test fails, run `make docs`.
    assert f"\n\n{table}\n" in page.read_text()


def test_the_policies_with_a_boundary_follow_from_the_policies_without() -> None:
    # If this test fails, run `make docs`.
    written = json.loads(permission_files.DEPLOY_WITH_BOUNDARY.read_text())

    assert written == permission_files.create_bounded_policies()
