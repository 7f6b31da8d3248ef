"""What can be switched on a deployed stack: the variables of the root configuration, as Terraform takes them."""

from __future__ import annotations

import json

from sandbox.aws.accounts import DEPLOYER, REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.faults.rules import DAG

ACCOUNTS = {"source": SOURCE_ACCOUNT, "target": TARGET_ACCOUNT}
KEY = f"arn:aws:kms:{REGION}:{{}}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def account(number: str, **demands: object) -> str:
    """Return an account with what it may demand."""
    deployer = f"arn:aws:iam::{number}:role/{DEPLOYER}"
    return json.dumps({"account_id": number, "assume_role_arn": deployer, **demands})


def demanding(number: str) -> str:
    """Return an account that demands a key and a permissions boundary."""
    return account(
        number,
        logging={"kms_key_arn": KEY.format(number)},
        role={"permissions_boundary": f"arn:aws:iam::{number}:policy/team"},
    )


ONLY_WHILE_NOTHING_RUNS = {
    "dedicated_invoker_role": "true",
    "encryption": json.dumps({"kms_key_arn": KEY.format(SOURCE_ACCOUNT)}),
    "preliminary_tasks": "[]",
    "transport": "rest",
}
"""For some seconds a role has its new rights already, and what runs as it needs the old ones.

Of `encryption` that is so where it is switched off, and not to be seen here: nothing asks for a key.
"""

SWITCHED = {
    "airflow_role": "Op",
    "allowed_dags": json.dumps({"sandbox": [DAG, "team_*"]}),
    "batch": json.dumps({"bucket": "batches", "max_concurrency": 2}),
    "function": json.dumps(
        {
            "kms_key_arn": KEY.format(TARGET_ACCOUNT),
            "memory_size": 512,
            "reserved_concurrency": 4,
            "timeout": 120,
            "tracing": True,
        }
    ),
    "logging": json.dumps({"level": "ALL", "retention_in_days": 0}),
    "mwaa_environments": json.dumps(["sandbox", "second"]),
    "source_account": demanding(SOURCE_ACCOUNT),
    "tags": json.dumps({"Team": "data", "Project": "other"}),
    "target_account": demanding(TARGET_ACCOUNT),
    "tracing": "true",
    "trusted_sources": json.dumps(
        [
            {
                "role_arn": f"arn:aws:iam::{SOURCE_ACCOUNT}:role/other-source",
                "state_machine_arn": f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:other",
            }
        ]
    ),
    "vpc": json.dumps({"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"]}),
}
"""Every variable but those above and below, those of which the names are made, and the package."""

WAITING = {"wait_for_completion": json.dumps({"timeout_seconds": 3600})}
"""With which executions last as long as their DAG runs."""

LOG_GROUPS = {
    f"{side}_account": account(number, logging={"log_group_name": f"/team/{side}"})
    for side, number in ACCOUNTS.items()
}
"""Existing log groups in place of those that are made."""
