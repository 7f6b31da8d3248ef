"""Permissions for deployment and operation: policies of the sandbox and tables in docs/operations.md, from JSON files.

`make docs` writes the tables.
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
OPERATE = PROJECT / "docs" / "operate-permissions.json"
PAGE = PROJECT / "docs" / "operations.md"
_HEAD = "| account | actions | resources |\n|---|---|---|\n"


def create_policy(file: Path, part: str, *, account: str, region: str, name: str) -> str:
    """Return a policy as JSON.

    Parameters
    ----------
    file
        `DEPLOY` or `OPERATE`.
    part
        A name in the file, such as `source` or `target`.
    name
        Name of the state machine and the function.
    """
    document = json.dumps(read_policies(file)[part])
    for placeholder, value in {"ACCOUNT": account, "REGION": region, "NAME": name}.items():
        document = document.replace(placeholder, value)
    return document


def create_table(file: Path) -> str:
    """Return a Markdown table of the permissions with one row for each statement."""
    return _HEAD + "".join(_rows(file))


def read_policies(file: Path) -> Mapping[str, Any]:
    """Return the policies in a file by their names."""
    policies: Mapping[str, Any] = json.loads(file.read_text())
    return policies


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
    # In the order of the page.
    tables = map(create_table, (OPERATE, DEPLOY))
    PAGE.write_text(old.sub(lambda _: next(tables), PAGE.read_text()))
