"""Calls of the modules with good and bad values, and the messages of Terraform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tools.paths import ZIP_HASH

SOURCE: dict[str, Any] = {
    "name": "onboarding",
    "logging": {},
    "preliminary_tasks": [],
    "target": {
        "role_arn": "arn:aws:iam::222222222222:role/t",
        "function_arn": "arn:aws:lambda:eu-central-1:222222222222:function:f:live",
    },
}
TARGET: dict[str, Any] = {
    "name": "onboarding",
    "airflow_role": "User",
    "function": {},
    "mwaa_environments": ["analytics"],
    "package": {"path": "dist/package.zip"},
    "transport": "cli",
    "trusted_sources": [
        {
            "role_arn": "arn:aws:iam::111111111111:role/s",
            "state_machine_arn": "arn:aws:states:eu-central-1:111111111111:stateMachine:m",
        }
    ],
}
VERSION_HASH = ZIP_HASH.read_text().strip()
TAG_CHARACTERS = (
    "Keys and values of `tags` must consist of letters, digits, spaces and _.:/=+-@, such as Team = "
    '"Research and Development", with at most 128 characters in a key and 256 in a value, and must '
    "not begin with aws:."
)
TAG_KEYS = (
    "`tags` must have at most 50 keys, none of which differ in case only, such as Team and team: for "
    "IAM they are the same."
)


@dataclass(frozen=True)
class Case:
    """A call of a module in which some values replace good values, and the message of Terraform.

    Parameters
    ----------
    says
        Empty where the values are good.
    """

    module: str
    says: str
    values: dict[str, Any] = field(default_factory=dict)


def tag_cases(module: str) -> dict[str, Case]:
    """Return calls of a module with good and bad tags."""
    tags = {
        "most": ("", {f"Key {number}": "" for number in range(50)}),
        "longest": ("", {"k" * 128: "v" * 256}),
        "all characters": ("", {"Größe_.:/=+-@ 1": "Größe_.:/=+-@ 1"}),
        "too many": (TAG_KEYS, {f"Key {number}": "" for number in range(51)}),
        "keys that differ in case": (TAG_KEYS, {"Team": "data", "team": "data"}),
        "key too long": (TAG_CHARACTERS, {"k" * 129: ""}),
        "value too long": (TAG_CHARACTERS, {"Key": "v" * 257}),
        "value with an ampersand": (TAG_CHARACTERS, {"Team": "R&D"}),
        "empty key": (TAG_CHARACTERS, {"": "data"}),
        "key of AWS": (TAG_CHARACTERS, {"AWS:team": "data"}),
        "value of AWS": (TAG_CHARACTERS, {"Team": "aws:data"}),
    }
    return {
        f"{module} tags: {name}": Case(module, says, {"tags": values})
        for name, (says, values) in tags.items()
    }
