"""The configurations whose permissions are written down: the root's take every option together, and the examples."""

from __future__ import annotations

from typing import Any

from tests.iam.planned import REGION
from tests.terraform.examples import EXAMPLES, plan_example
from tests.terraform.planner import SANDBOX, Plan, Planner

SOURCE = "111111111111"
TARGET = "222222222222"
SECOND_SOURCE = "333333333333"

ROOT: dict[str, dict[str, Any]] = {
    "default": {"workspace": "sandbox", "var_file": SANDBOX},
    # REST, and a role for the source that may invoke only.
    "rest": {"workspace": "staging", "var_file": "environments/example.tfvars"},
    # One role in the target, and all that an organisation may ask of it.
    "guarded": {
        "workspace": "sandbox",
        "var_file": SANDBOX,
        "variables": {
            "airflow_role": "Trigger",
            "allowed_dags": {"sandbox": ["onboarding"]},
            "encryption": {"kms_key_arn": f"arn:aws:kms:{REGION}:{SOURCE}:key/executions"},
            "environment": "guarded",
            "function": {
                "kms_key_arn": f"arn:aws:kms:{REGION}:{TARGET}:key/environment",
                "reserved_concurrency": 4,
                "tracing": True,
            },
            "mwaa_environments": ["sandbox", "reporting"],
            "package": {"bucket": "packages", "key": "trigger.zip", "source_code_hash": "aGFzaA=="},
            "preliminary_tasks": [],
            "source_account": {
                "account_id": SOURCE,
                "assume_role_arn": f"arn:aws:iam::{SOURCE}:role/deployer",
                "logging": {"log_group_name": "/platform/executions"},
                "role": {
                    "path": "/platform/",
                    "permissions_boundary": f"arn:aws:iam::{SOURCE}:policy/boundary",
                },
            },
            "tags": {"Team": "platform"},
            "target_account": {
                "account_id": TARGET,
                "assume_role_arn": f"arn:aws:iam::{TARGET}:role/deployer",
                "logging": {"kms_key_arn": f"arn:aws:kms:{REGION}:{TARGET}:key/logs"},
                "role": {
                    "path": "/platform/",
                    "permissions_boundary": f"arn:aws:iam::{TARGET}:policy/boundary",
                },
            },
            "tracing": True,
            "trusted_sources": [
                {
                    "role_arn": f"arn:aws:iam::{SECOND_SOURCE}:role/reports",
                    "state_machine_arn": f"arn:aws:states:{REGION}:{SECOND_SOURCE}:stateMachine:reports",
                }
            ],
            "wait_for_completion": {"timeout_seconds": 3600},
        },
    },
    # A web server in private networking.
    "private": {
        "workspace": "sandbox",
        "var_file": SANDBOX,
        "variables": {
            "dedicated_invoker_role": True,
            "target_account": {
                "account_id": TARGET,
                "assume_role_arn": f"arn:aws:iam::{TARGET}:role/deployer",
                "logging": {"log_group_name": "/platform/trigger"},
            },
            "vpc": {
                "security_group_ids": ["sg-0a1b2c3d"],
                "subnet_ids": ["subnet-0a1b2c3d", "subnet-0c2d3e4f"],
            },
        },
    },
}
_STATES = {
    "name": "client-onboarding",
    "region": REGION,
    "source_account_id": SOURCE,
    "target_account_id": TARGET,
}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "separate-states-source": {
        "directory": "examples/separate-states/source",
        "variables": _STATES,
        "account": SOURCE,
    },
    "separate-states-target": {
        "directory": "examples/separate-states/target",
        "variables": {**_STATES, "mwaa_environments": ["analytics"]},
        "account": TARGET,
    },
}
_OF_ONE_STATE = {path.parent.name for path in EXAMPLES.glob("*/main.tf")} - {
    # It makes the subnets that its policy names, which no plan can show: `private` stands for it.
    "private-web-server"
}
CONFIGURATIONS = sorted([*ROOT, *_EXAMPLES, *_OF_ONE_STATE])


def plan(planner: Planner, name: str) -> Plan:
    """Return the plan of a configuration."""
    if name in _OF_ONE_STATE:
        return plan_example(planner, name)
    return planner.plan(**(ROOT | _EXAMPLES)[name])
