"""Configurations with snapshots of their permissions: the sets of root variables and the examples."""

from __future__ import annotations

from tests.terraform.examples import EXAMPLES, plan_example
from tests.terraform.planner import Plan, Planner
from tests.terraform.root_variables import ROOT_VARIABLES

# The first example creates no roles. The second example creates the subnets in its policy, so their ids are unknown in
# a plan. The root variables `private` lead to the same policy.
_WITHOUT_SNAPSHOT = ("existing-roles", "private-web-server")
_EXAMPLES = [example for example in EXAMPLES if example not in _WITHOUT_SNAPSHOT]
CONFIGURATIONS = sorted([*ROOT_VARIABLES, *_EXAMPLES])


def plan(planner: Planner, name: str) -> Plan:
    """Return the plan of a configuration."""
    return (
        planner.plan(**ROOT_VARIABLES[name])
        if name in ROOT_VARIABLES
        else plan_example(planner, name)
    )
