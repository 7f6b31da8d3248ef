"""Plans of the configurations that READMEs show: examples/ with their variables, and the usage of the modules."""

from __future__ import annotations

import re
from pathlib import Path

from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.terraform.planner import Plan, Planner
from tools.paths import PROJECT

DIRECTORY = PROJECT / "examples"
EXAMPLES = sorted(str(file.parent.relative_to(DIRECTORY)) for file in DIRECTORY.rglob("main.tf"))
"""Paths of all root configurations in examples/."""
SETTINGS = "readme.tfvars"

# These assume no role: Terraform starts with credentials of the account itself.
_DEPLOYED_FROM = {
    "separate-states/source": SOURCE_ACCOUNT,
    "separate-states/target": TARGET_ACCOUNT,
}


def readme_hcl(directory: Path) -> str:
    """Return the HCL that the README of a directory shows."""
    readme = (directory / "README.md").read_text()
    return "\n".join(re.findall(r"^```hcl\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE))


def settings(example: str) -> str:
    """Return the `terraform.tfvars` that the README of an example shows; several states share one README."""
    return readme_hcl(DIRECTORY / example.partition("/")[0])


def plan_example(planner: Planner, example: str) -> Plan:
    """Return the plan of an example with the variables of its README."""
    directory = f"examples/{example}"
    (planner.copy / directory / SETTINGS).write_text(settings(example))
    return planner.plan(directory, var_file=SETTINGS, account=_DEPLOYED_FROM.get(example))


def write_usage(planner: Planner) -> None:
    """Write the usage blocks of the modules' READMEs into the copy, as one configuration."""
    root = planner.copy / "tests/terraform/configurations/modules"
    (root / "dist").symlink_to(planner.copy / "dist")
    (root / "usage/modules").symlink_to(planner.copy / "modules")
    for module in ("source", "target"):
        (root / f"usage/{module}.tf").write_text(readme_hcl(PROJECT / "modules" / module))
