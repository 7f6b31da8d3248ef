"""All plans of the tests, by name."""

from __future__ import annotations

from tests.iam import configurations
from tests.terraform.examples import plan_example
from tests.terraform.planner import Plan, Planner

MODULES = "modules"
NAMES = [*configurations.CONFIGURATIONS, MODULES, "private-web-server"]


def plan(planner: Planner, name: str) -> Plan:
    """Return the plan of this name."""
    if name == MODULES:
        return planner.plan("tests/terraform/configurations/modules")
    if name in configurations.CONFIGURATIONS:
        return configurations.plan(planner, name)
    return plan_example(planner, name)
