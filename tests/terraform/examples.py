"""The root configurations in examples/, planned with the variables that their READMEs show."""

from __future__ import annotations

import re

from tests.terraform.planner import Plan, Planner
from tools.paths import PROJECT

EXAMPLES = PROJECT / "examples"
SETTINGS = "readme.tfvars"


def settings(example: str) -> str:
    """Return the `terraform.tfvars` that the README of an example shows; the states of one share a README."""
    readme = (EXAMPLES / example.partition("/")[0] / "README.md").read_text()
    return "\n".join(re.findall(r"^```hcl\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE))


def plan_example(planner: Planner, example: str) -> Plan:
    """Return the plan of an example as its README has it."""
    directory = f"examples/{example}"
    (planner.copy / directory / SETTINGS).write_text(settings(example))
    return planner.plan(directory, var_file=SETTINGS)
