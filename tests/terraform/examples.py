"""Plans of the configurations that READMEs show: examples/ with their variables, and the usage of the modules."""

from __future__ import annotations

import json
import re
from pathlib import Path

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import DEPLOYER, REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.support.local_aws.state_machines import create_role
from tests.terraform.planner import Plan, Planner
from tools.paths import PROJECT

DIRECTORY = PROJECT / "examples"
EXAMPLES = sorted(str(file.parent.relative_to(DIRECTORY)) for file in DIRECTORY.rglob("main.tf"))
"""Paths of all root configurations in examples/."""
SETTINGS = "readme.tfvars"

# These assume no role: Terraform starts with credentials of the account itself.
_DEPLOYED_FROM = {
    "parameter-store/source": SOURCE_ACCOUNT,
    "parameter-store/target": TARGET_ACCOUNT,
    "separate-states/source": SOURCE_ACCOUNT,
    "separate-states/target": TARGET_ACCOUNT,
}


def _hand_over(aws: AwsServer) -> None:
    """Create the parameter of the target's state, and the permissions to read it."""
    source, target = (Account(aws.url, number) for number in (SOURCE_ACCOUNT, TARGET_ACCOUNT))
    trust = {"Principal": {"AWS": f"arn:aws:iam::{SOURCE_ACCOUNT}:role/{DEPLOYER}"}}
    read = {"Action": "ssm:GetParameter", "Resource": "*"}
    reader = create_role(target, f"{_HANDED_OVER}-parameter-reader", trust=trust, allow=[read])
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": reader}
    source.iam.put_role_policy(
        RoleName=DEPLOYER,
        PolicyName="read-parameter",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    invoker = f"arn:aws:iam::{TARGET_ACCOUNT}:role/{_HANDED_OVER}-invoker"
    function = f"arn:aws:lambda:{REGION}:{TARGET_ACCOUNT}:function:{_HANDED_OVER}:live"
    target.session.client("ssm", endpoint_url=aws.url).put_parameter(
        Name=f"/{_HANDED_OVER}/target",
        Type="String",
        Value=json.dumps({"role_arn": invoker, "function_arn": function}),
    )


_HANDED_OVER = "shared-onboarding"
_PREPARATIONS = {"parameter-store/source": _hand_over}


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
    return planner.plan(
        directory,
        var_file=SETTINGS,
        account=_DEPLOYED_FROM.get(example),
        prepare=_PREPARATIONS.get(example),
    )


def write_usage(planner: Planner) -> None:
    """Write the usage blocks of the modules' READMEs into the copy, as one configuration."""
    root = planner.copy / "tests/terraform/configurations/modules"
    (root / "dist").symlink_to(planner.copy / "dist")
    (root / "usage/modules").symlink_to(planner.copy / "modules")
    for module in ("source", "target"):
        (root / f"usage/{module}.tf").write_text(readme_hcl(PROJECT / "modules" / module))
