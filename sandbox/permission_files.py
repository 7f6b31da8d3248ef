"""Permissions for deployment and operation: policies of the sandbox and tables in the documentation, from JSON files.

`make docs` writes the tables, and the policies for accounts that require a permissions boundary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from tools.paths import PROJECT

DEPLOY = PROJECT / "docs" / "deploy-permissions.json"
DEPLOY_WITH_BOUNDARY = PROJECT / "docs" / "deploy-permissions-with-boundary.json"
OPERATE = PROJECT / "docs" / "operate-permissions.json"
PAGES = {DEPLOY: PROJECT / "docs" / "deployment.md", OPERATE: PROJECT / "docs" / "operations.md"}
"""Page that shows a file as a table."""
_HEAD = "| account | actions | resources |\n|---|---|---|\n"

# IAM knows the boundary of these actions ("Actions, resources, and condition keys for AWS Identity and Access
# Management"): the boundary in a request that sets one, otherwise the boundary of the role. Each can give permissions.
_BOUNDED_ACTIONS = frozenset(
    {
        "iam:CreateRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    }
)
_BOUNDARY = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::ACCOUNT:policy/BOUNDARY"}}
_SERVICES = {"source": "states.amazonaws.com", "target": "lambda.amazonaws.com"}
"""Services that receive the roles."""
# Only whoever sets up the first log of a log group needs the second action, and only if CloudWatch Logs has to write
# the resource policy itself ("Logs sent to CloudWatch Logs").
_OMITTED_ACTIONS = frozenset({"iam:DeleteRolePermissionsBoundary", "logs:PutResourcePolicy"})


def create_policy(
    file: Path, part: str, *, account: str, region: str, name: str, boundary: str = ""
) -> str:
    """Return a policy as JSON.

    Parameters
    ----------
    file
        `DEPLOY`, `DEPLOY_WITH_BOUNDARY` or `OPERATE`.
    part
        A name in the file, such as `source` or `target`.
    name
        Name of the state machine and the function.
    boundary
        Name of the permissions boundary, for `DEPLOY_WITH_BOUNDARY`.
    """
    document = json.dumps(read_policies(file)[part])
    values = {"ACCOUNT": account, "BOUNDARY": boundary, "NAME": name, "REGION": region}
    for placeholder, value in values.items():
        document = document.replace(placeholder, value)
    return document


def create_bounded_policies() -> dict[str, Any]:
    """Return the policies for accounts that require a permissions boundary."""
    return {
        side: {
            **document,
            "Statement": [
                part
                for statement in document["Statement"]
                for part in _with_conditions(statement, _SERVICES[side])
            ],
        }
        for side, document in read_policies(DEPLOY).items()
    }


def create_table(file: Path) -> str:
    """Return a Markdown table of the permissions with one row for each statement."""
    return _HEAD + "".join(_rows(file))


def read_policies(file: Path) -> Mapping[str, Any]:
    """Return the policies in a file by their names."""
    policies: Mapping[str, Any] = json.loads(file.read_text())
    return policies


def _with_conditions(statement: Mapping[str, Any], service: str) -> Iterator[dict[str, Any]]:
    """Split a statement by the conditions of its actions."""
    actions = set(_as_list(statement["Action"])) - _OMITTED_ACTIONS
    bounded, passed = actions & _BOUNDED_ACTIONS, actions & {"iam:PassRole"}
    for group, condition in (
        (bounded, {"Condition": _BOUNDARY}),
        (passed, {"Condition": {"StringEquals": {"iam:PassedToService": service}}}),
        (actions - bounded - passed, {}),
    ):
        if group:
            yield {**statement, "Action": sorted(group), **condition}


def _rows(file: Path) -> Iterator[str]:
    for part, document in read_policies(file).items():
        for statement in document["Statement"]:
            resources = [arn.split(":", 5)[-1] for arn in _as_list(statement["Resource"])]
            yield (
                f"| {part} | {_actions(_as_list(statement['Action']))} | "
                f"{', '.join(f'`{resource}`' for resource in resources)} |\n"
            )


def _actions(actions: Sequence[str]) -> str:
    """Return the actions grouped by service."""
    named = [action.split(":") for action in actions]
    return "; ".join(
        f"`{service}:` " + ", ".join(f"`{action}`" for _, action in group)
        for service, group in groupby(named, key=lambda action: action[0])
    )


def _as_list(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


if __name__ == "__main__":
    old = re.compile(re.escape(_HEAD) + r"(\|.*\n)*")
    for shown, page in PAGES.items():
        page.write_text(old.sub(create_table(shown), page.read_text()))
    DEPLOY_WITH_BOUNDARY.write_text(json.dumps(create_bounded_policies(), indent=2) + "\n")
