"""The root configurations in examples/, planned with the variables that their READMEs show."""

from __future__ import annotations

import re
from pathlib import Path

from tests.terraform.planner import Plan, Planner
from tools.paths import PROJECT

EXAMPLES = PROJECT / "examples"
SETTINGS = "readme.tfvars"


def settings(readme: Path) -> str:
    """Return the `terraform.tfvars` that a README shows."""
    return "\n".join(re.findall(r"^```hcl\n(.*?)^```$", readme.read_text(), re.DOTALL | re.M))


def plan_example(planner: Planner, name: str) -> Plan:
    """Return the plan of an example as its README has it."""
    directory = f"examples/{name}"
    shown = settings(EXAMPLES / name / "README.md")
    (planner.copy / directory / SETTINGS).write_text(shown)
    return planner.plan(directory, var_file=SETTINGS)
