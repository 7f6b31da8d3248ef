"""Permissions for the deployment: policies of the sandbox and the table in docs/operations.md, from one JSON file.

`make docs` writes the table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tools.paths import PROJECT

FILE = PROJECT / "docs" / "deploy-permissions.json"
PAGE = PROJECT / "docs" / "operations.md"
_HEAD = "| account | actions | resources |\n|---|---|---|\n"


def create_policy(side: str, *, account: str, region: str, name: str) -> str:
    """Return the policy of a deployer role as JSON.

    Parameters
    ----------
    side
        `source` or `target`.
    name
        Name of the state machine and the function.
    """
    document = json.dumps(_policies()[side])
    for placeholder, value in {"ACCOUNT": account, "REGION": region, "NAME": name}.items():
        document = document.replace(placeholder, value)
    return document


def create_table() -> str:
    """Return a Markdown table of the permissions with one row for each statement."""
    return _HEAD + "".join(_rows())


def _policies() -> Mapping[str, Any]:
    policies: Mapping[str, Any] = json.loads(FILE.read_text())
    return policies


def _rows() -> Iterator[str]:
    for side, document in _policies().items():
        for statement in document["Statement"]:
            resources = [arn.split(":", 5)[-1] for arn in _as_list(statement["Resource"])]
            yield (
                f"| {side} | {_actions(_as_list(statement['Action']))} | "
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
    PAGE.write_text(old.sub(lambda _: create_table(), PAGE.read_text()))
