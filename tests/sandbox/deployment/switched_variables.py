"""Values of the root configuration's variables that a test sets and resets on a deployed stack."""

from __future__ import annotations

from typing import Any

from sandbox.aws.accounts import BOUNDARY, REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.aws.authorizer import ORGANIZATION
from tests.faults.rules import DAG
from tests.terraform.root_variables import account, topic

ACCOUNTS = {"source": SOURCE_ACCOUNT, "target": TARGET_ACCOUNT}
KEY = f"arn:aws:kms:{REGION}:{{}}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def restricted_account(number: str, **alarms: Any) -> dict[str, Any]:
    """Return an account that requires a key and a permissions boundary, with alarms."""
    return account(
        number,
        alarms={"actions": [topic(number)], **alarms},
        logging={"kms_key_arn": KEY.format(number)},
        role={"permissions_boundary": f"arn:aws:iam::{number}:policy/{BOUNDARY}"},
    )


SET_WITHOUT_EXECUTIONS: dict[str, Any] = {
    "dedicated_invoker_role": True,
    "encryption": {"kms_key_arn": KEY.format(SOURCE_ACCOUNT)},
    "preliminary_tasks": [],
    "transport": "rest",
}
"""Variables that must not change while executions run.

For a few seconds, a role has its new permissions, but executions need its previous permissions. With `encryption` this
happens when you disable it, which this test cannot show, because the sandbox does not check keys.
"""

SWITCHED: dict[str, Any] = {
    "airflow_role": "Op",
    "allowed_dags": {"sandbox": [DAG, "team_*"]},
    "batch": {"bucket": "batches", "max_concurrency": 2},
    "function": {
        "environment": {"AWS_USE_FIPS_ENDPOINT": "false"},
        "kms_key_arn": KEY.format(TARGET_ACCOUNT),
        "memory_size": 512,
        "reserved_concurrency": 4,
        "timeout": 120,
        "tracing": True,
    },
    "logging": {"level": "ALL", "retention_in_days": 0},
    "mwaa_environments": ["sandbox", "second"],
    "notifications": {"topic_arn": topic(SOURCE_ACCOUNT, "onboarding")},
    "organization_id": ORGANIZATION,
    "source_account": restricted_account(SOURCE_ACCOUNT, schedule={"hours": 25}),
    "tags": {"Team": "data", "Project": "other"},
    "target_account": restricted_account(TARGET_ACCOUNT),
    "tracing": True,
    "trusted_sources": [
        {
            "role_arn": f"arn:aws:iam::{SOURCE_ACCOUNT}:role/other-source",
            "state_machine_arn": f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:other",
        }
    ],
    "vpc": {"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"]},
}
"""All variables except the other variables in this module, the package, and variables that are part of names.

moto cannot change the code signing configuration of a function.
"""

WAITING = {"wait_for_completion": {"timeout_seconds": 3600}}
"""Makes executions wait for their DAG runs."""

LOG_GROUPS = {
    f"{side}_account": account(number, logging={"existing_log_group": {"name": f"/team/{side}"}})
    for side, number in ACCOUNTS.items()
}
"""Existing log groups instead of new log groups."""
