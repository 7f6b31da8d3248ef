"""Examples in the sandbox: configurations, roles and the resources that remain."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_terraform import IsFlagged

from sandbox.account import Account
from sandbox.aws.accounts import ADMINISTRATOR_ROLE, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment
from sandbox.stack import ENVIRONMENT_NAME
from tests.e2e.conftest import EXECUTION_SECONDS, Deployed
from tests.terraform.examples import DIRECTORY, SETTINGS, settings
from tools.terraform import init, run

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

DAG = "paused"
"""Its runs stay queued. No test of the examples waits for their end."""

OVERRIDES = "overrides.tfvars.json"
"""File with variables that override the settings of a README."""


def configured(
    example: str, directory: Path, environment: Mapping[str, str], variables: Mapping[str, Any]
) -> Deployment:
    """Copy an example, and set the variables of its README, overridden by these variables."""
    copy = directory / "examples" / example
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    shutil.copytree(DIRECTORY / example, copy, ignore=ignored)
    (copy / SETTINGS).write_text(settings(example))
    (copy / OVERRIDES).write_text(json.dumps(variables))
    init(copy, environment)
    return Deployment(copy, environment, [SETTINGS, OVERRIDES])


@dataclass(frozen=True)
class Applied:
    """An applied example, with the outputs of all its states."""

    deployments: list[Deployment]
    outputs: Mapping[str, Any]
    accounts: Mapping[str, Account]
    deployed: Deployed

    def client(self, service: str, *, account: str = SOURCE_ACCOUNT) -> Any:
        """Return a client with administrator permissions."""
        session = self.accounts[account].session
        return session.client(service, endpoint_url=self.deployed.sandbox.aws.url)  # type: ignore[call-overload]

    def run_of(self, state_machine_arn: str) -> dict[str, Any]:
        """Start an execution, and return the conf of its DAG run."""
        described = self.accounts[state_machine_arn.split(":")[4]].execute(
            state_machine_arn,
            {
                "mwaa_env_name": ENVIRONMENT_NAME,
                "mwaa_dag_name": DAG,
                "mwaa_dag_conf": {"started": state_machine_arn},
            },
            name=str(uuid.uuid4()),
            timeout=EXECUTION_SECONDS,
        )
        assert described["status"] == "SUCCEEDED", described
        return self.conf(json.loads(described["output"])["dag_run_id"])

    def conf(self, run_id: str) -> dict[str, Any]:
        """Return the conf of a DAG run from Airflow."""
        run = self.deployed.sandbox.airflow.api.dag_run(DAG, run_id)
        assert run
        return dict(run.conf)


def planned_roles(directory: Path, environment: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the roles in the output `iam_roles` of a first plan, as the README of existing-roles shows."""
    plan = {"var_file": [SETTINGS, OVERRIDES], "out": "roles.tfplan"}
    run("plan", directory=directory, environment=environment, **plan)
    shown = run(
        "show", "roles.tfplan", directory=directory, environment=environment, json=IsFlagged
    )
    return list(json.loads(shown)["planned_values"]["outputs"]["iam_roles"]["value"].values())


@contextmanager
def created(roles: Sequence[Mapping[str, str]], accounts: Mapping[str, Account]) -> Iterator[None]:
    """Create roles as the administrators of their accounts, and delete them at the end of the `with`."""
    for role in roles:
        iam, name, path = role_of(role["arn"], accounts)
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=role["trust"])
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=role["permissions"])
    yield
    for role in roles:
        iam, name, _ = role_of(role["arn"], accounts)
        iam.delete_role_policy(RoleName=name, PolicyName="all")
        iam.delete_role(RoleName=name)


def role_of(arn: str, accounts: Mapping[str, Account]) -> tuple[IAMClient, str, str]:
    """Return the IAM client of a role's account, and the name and the path of the role."""
    path, _, name = arn.partition(":role")[2].rpartition("/")
    return accounts[arn.split(":")[4]].iam, name, f"{path}/"


def deployer(account: str) -> dict[str, str]:
    """Return a variable of the examples for this account, with its administrator as the deployer."""
    role = f"arn:aws:iam::{account}:role/{ADMINISTRATOR_ROLE}"
    return {"account_id": account, "assume_role_arn": role}


def environment_of(account: Account) -> dict[str, str]:
    """Return the environment variables with credentials of the account."""
    return {name.upper(): value for name, value in account.profile.items()}


def present(applied: Applied) -> list[str]:
    """Return all resources of the accounts that examples can create."""
    buckets = applied.client("s3").list_buckets()["Buckets"]
    rules = applied.client("events").list_rules()["Rules"]
    parameters = applied.client("ssm", account=TARGET_ACCOUNT).describe_parameters()["Parameters"]
    return [
        *(arn for account in applied.accounts.values() for arn in account.resources()),
        *(bucket["Name"] for bucket in buckets),
        *(rule["Arn"] for rule in rules),
        *(parameter["Name"] for parameter in parameters),
    ]
