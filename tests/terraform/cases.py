"""Calls of the modules with good and bad values, and what Terraform says to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BATCH: dict[str, Any] = {
    "name": "onboarding",
    "bucket": "batches",
    "logging": {},
    "onboarding": {
        "state_machine_arn": "arn:aws:states:eu-central-1:111111111111:stateMachine:onboarding",
    },
}
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


@dataclass(frozen=True)
class Case:
    """A call of a module with some values in place of good ones, and what Terraform says to it.

    Parameters
    ----------
    says
        Empty where the values are good.
    """

    module: str
    says: str
    values: dict[str, Any] = field(default_factory=dict)
