"""A second opinion on what the configurations create: cfn-lint accepts it, written as CloudFormation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.asl import diagnose
from tests.terraform import plans
from tests.terraform.modules.cloudformation import (
    KINDS,
    PROPERTIES_ONLY,
    Template,
    lint,
    template_of,
)
from tests.terraform.planner import Plan, Planner

SPOILED = "spoiled"
MACHINE = "modulebusyawssfnstatemachinethis"


@pytest.fixture(scope="session")
def spoiled(modules_plan: Plan) -> Template:
    """A template with a function ARN that is not valid."""
    template = template_of(modules_plan)
    definition_of(template)["States"]["Prüfen"]["Resource"] += " now"
    return template


@pytest.fixture(scope="session")
def errors(
    planner: Planner, spoiled: Template, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """The errors in each template, from one run, because cfn-lint takes seconds to start."""
    templates = {name: template_of(plans.plan(planner, name)) for name in plans.NAMES}
    return lint({**templates, SPOILED: spoiled}, tmp_path_factory.mktemp("templates"))


def definition_of(template: Template) -> Any:
    return template["Resources"][MACHINE]["Properties"]["Definition"]


@pytest.mark.parametrize("name", plans.NAMES)
def test_cfn_lint_accepts_what_is_planned(errors: dict[str, list[str]], name: str) -> None:
    assert errors[name] == []


def test_cfn_lint_finds_what_asl_validator_does_not(
    errors: dict[str, list[str]], spoiled: Template
) -> None:
    assert diagnose(json.dumps(definition_of(spoiled))) == []

    (error,) = errors[SPOILED]
    assert error.startswith(
        f"E3601 Resources/{MACHINE}/Properties/Definition/States/Prüfen/Resource: "
    )


def test_every_planned_type_of_resources_is_written_as_cloudformation(planner: Planner) -> None:
    planned = {
        resource["type"]
        for name in plans.NAMES
        for resource in plans.plan(planner, name).document["resource_changes"]
        if resource["mode"] == "managed"
    }

    assert planned == KINDS.keys() | PROPERTIES_ONLY.keys()
