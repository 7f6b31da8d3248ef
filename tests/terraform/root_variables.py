"""Sets of variables for the root configuration. Together they set every option."""

from __future__ import annotations

from typing import Any

from sandbox.aws.accounts import (
    DEPLOYER,
    REGION,
    SECOND_SOURCE_ACCOUNT,
    SOURCE_ACCOUNT,
    TARGET_ACCOUNT,
)
from tests.terraform.validation.cases import VERSION_HASH

SANDBOX = "environments/sandbox.tfvars"


def account(number: str, **options: Any) -> dict[str, Any]:
    """Return `source_account` or `target_account` with these options."""
    deployer = f"arn:aws:iam::{number}:role/{DEPLOYER}"
    return {"account_id": number, "assume_role_arn": deployer, **options}


def topic(number: str, name: str = "on-call") -> str:
    """Return the ARN of an SNS topic."""
    return f"arn:aws:sns:{REGION}:{number}:{name}"


def guarded(number: str, logging: dict[str, Any]) -> dict[str, Any]:
    """Return an account that requires a path and a permissions boundary for roles."""
    boundary = f"arn:aws:iam::{number}:policy/boundary"
    role = {"path": "/platform/", "permissions_boundary": boundary}
    return account(number, alarms={"actions": [topic(number)]}, logging=logging, role=role)


ROOT_VARIABLES: dict[str, dict[str, Any]] = {
    # The defaults, as `make demo` deploys them.
    "default": {"workspace": "sandbox", "var_file": SANDBOX},
    # The example file: REST, and a dedicated invoker role.
    "rest": {"workspace": "staging", "var_file": "environments/example.tfvars"},
    # One role in the target, and all options that an organization may require; in the workspace `default`.
    "guarded": {
        "workspace": "default",
        "var_file": SANDBOX,
        "variables": {
            "airflow_role": "Trigger",
            "allowed_dags": {"sandbox": ["onboarding"]},
            "batch": {"bucket": "batches", "log_level": "FATAL"},
            "encryption": {"kms_key_arn": f"arn:aws:kms:{REGION}:{SOURCE_ACCOUNT}:key/executions"},
            "environment": "guarded",
            "function": {
                "kms_key_arn": f"arn:aws:kms:{REGION}:{TARGET_ACCOUNT}:key/environment",
                "reserved_concurrency": 4,
                "tracing": True,
            },
            "logging": {"retention_in_days": 7},
            "mwaa_environments": ["sandbox", "reporting"],
            "notifications": {"topic_arn": topic(SOURCE_ACCOUNT, "onboarding")},
            "organization_id": "o-exampleorgid",
            "package": {
                "bucket": "packages",
                "key": "trigger.zip",
                "source_code_hash": VERSION_HASH,
            },
            "preliminary_tasks": [],
            "source_account": guarded(
                SOURCE_ACCOUNT, {"existing_log_group": {"name": "/platform/executions"}}
            ),
            # Together with Environment, as many as AWS allows.
            "tags": {"Project": "onboarding"} | {f"Key {number}": "data" for number in range(48)},
            "target_account": guarded(
                TARGET_ACCOUNT, {"kms_key_arn": f"arn:aws:kms:{REGION}:{TARGET_ACCOUNT}:key/logs"}
            ),
            "tracing": True,
            "trusted_sources": [
                {
                    "by": "principal-arn",
                    "role_arn": f"arn:aws:iam::{SECOND_SOURCE_ACCOUNT}:role/reports",
                    "state_machine_arn": f"arn:aws:states:{REGION}:{SECOND_SOURCE_ACCOUNT}:stateMachine:reports",
                }
            ],
            "wait_for_completion": {"timeout_seconds": 3600},
        },
    },
    # A web server in private networking; source and target in one account.
    "private": {
        "workspace": "sandbox",
        "var_file": SANDBOX,
        "variables": {
            "dedicated_invoker_role": True,
            "target_account": account(
                SOURCE_ACCOUNT, logging={"existing_log_group": {"name": "/platform/trigger"}}
            ),
            "vpc": {
                "security_group_ids": ["sg-0a1b2c3d"],
                "subnet_ids": ["subnet-0a1b2c3d", "subnet-0c2d3e4f"],
            },
        },
    },
}
