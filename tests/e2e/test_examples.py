"""Unchanged examples create DAG runs, need no second apply, and leave nothing behind when they are destroyed."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws.accounts import (
    ADMINISTRATOR_ROLE,
    SECOND_SOURCE_ACCOUNT,
    SOURCE_ACCOUNT,
    TARGET_ACCOUNT,
)
from sandbox.deployment import Deployment
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR
from sandbox.stack import ENVIRONMENT_NAME
from tests.e2e.conftest import EXECUTION_SECONDS, Deployed
from tests.support.local_aws.terraform import Terraform
from tests.support.waiting import wait_until
from tests.terraform.examples import DIRECTORY, SETTINGS, settings
from tools.paths import PROJECT
from tools.terraform import init

# The worker of the default version has more other tests.
pytestmark = pytest.mark.airflow_version(NEWEST_OF_EACH_MAJOR[0])

# Its runs stay queued. No test here waits for their end.
DAG = "paused"


def configured(
    example: str, directory: Path, environment: Mapping[str, str], variables: Mapping[str, Any]
) -> Deployment:
    """Copy an example, and set the variables of its README, overridden by these variables."""
    copy = directory / "examples" / example
    ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars")
    shutil.copytree(DIRECTORY / example, copy, ignore=ignored)
    (copy / SETTINGS).write_text(settings(example))
    overrides = copy / "overrides.tfvars.json"
    overrides.write_text(json.dumps(variables))
    init(copy, environment)
    return Deployment(copy, environment, [SETTINGS, overrides.name])


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
    return [
        *(arn for account in applied.accounts.values() for arn in account.resources()),
        *(bucket["Name"] for bucket in buckets),
        *(rule["Arn"] for rule in rules),
    ]


@pytest.fixture(scope="module", params=["many-sources", "on-upload", "separate-states"])
def applied(
    request: pytest.FixtureRequest,
    deployed: Deployed,
    terraform: Terraform,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Applied]:
    """An applied example. After its tests, the fixture destroys it and checks that nothing remains."""
    sandbox = deployed.sandbox
    numbers = (SOURCE_ACCOUNT, SECOND_SOURCE_ACCOUNT, TARGET_ACCOUNT)
    accounts = {number: Account(sandbox.aws.url, number) for number in numbers}
    # With an IP address, clients put the bucket into the path. Not every resolver knows `BUCKET.localhost`.
    s3 = {"AWS_ENDPOINT_URL_S3": sandbox.aws.url.replace("localhost", "127.0.0.1")}
    environment = {**terraform.environment, **sandbox.environment, **s3}
    both = {
        "source_account": deployer(SOURCE_ACCOUNT),
        "target_account": deployer(TARGET_ACCOUNT),
        "mwaa_environment": ENVIRONMENT_NAME,
        "mwaa_dag": DAG,
    }
    several = {
        "finance_account": deployer(SECOND_SOURCE_ACCOUNT),
        "sales_account": deployer(SOURCE_ACCOUNT),
        "target_account": deployer(TARGET_ACCOUNT),
        "mwaa_environments": [ENVIRONMENT_NAME],
    }
    parts: dict[str, list[tuple[str, dict[str, str], dict[str, Any]]]] = {
        "many-sources": [("many-sources", {}, several)],
        "on-upload": [("on-upload", {}, both)],
        "separate-states": [
            ("separate-states/source", environment_of(accounts[SOURCE_ACCOUNT]), {}),
            (
                "separate-states/target",
                environment_of(accounts[TARGET_ACCOUNT]),
                {"mwaa_environments": [ENVIRONMENT_NAME]},
            ),
        ],
    }
    directory = tmp_path_factory.mktemp("example")
    for needed in ("modules", "dist"):
        (directory / needed).symlink_to(PROJECT / needed)
    deployments = [
        configured(name, directory, {**environment, **credentials}, variables)
        for name, credentials, variables in parts[request.param]
    ]
    outputs: dict[str, Any] = {}
    example = Applied(deployments, outputs, accounts, deployed)
    before = present(example)
    for deployment in deployments:
        outputs |= deployment.apply(lambda *_: None).outputs
    yield example
    for deployment in reversed(deployments):
        deployment.destroy(lambda *_: None)
    assert present(example) == before


def test_a_second_plan_shows_no_changes(applied: Applied) -> None:
    assert [deployment.plan() for deployment in applied.deployments] == [{}] * len(
        applied.deployments
    )


@pytest.mark.examples("separate-states")
def test_two_states_together_trigger_a_dag_run(applied: Applied) -> None:
    machine = applied.outputs["state_machine_arn"]

    assert applied.run_of(machine) == {"started": machine}


@pytest.mark.examples("many-sources")
def test_each_source_triggers_a_dag_run_in_the_shared_target(applied: Applied) -> None:
    machines = applied.outputs["state_machine_arns"].values()

    assert {machine.split(":")[4] for machine in machines} == {
        SOURCE_ACCOUNT,
        SECOND_SOURCE_ACCOUNT,
    }
    assert [applied.run_of(machine) for machine in machines] == [
        {"started": machine} for machine in machines
    ]


class Uploads:
    """The bucket of on-upload."""

    def __init__(self, applied: Applied) -> None:
        self.applied = applied
        self.s3 = applied.client("s3")
        self.bucket, self.prefix = applied.outputs["upload_uri"].removeprefix("s3://").split("/", 1)

    def put(self, key: str) -> str:
        """Upload an object with fixed content, and return its version."""
        put = self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"4711")
        return str(put["VersionId"])

    def repeat_event(self, key: str, version: str) -> None:
        """Send the event of an upload to EventBridge again, as S3 sometimes does."""
        detail = {
            "bucket": {"name": self.bucket},
            "object": {"key": key, "version-id": version},
        }
        entry = {
            "Source": "aws.s3",
            "DetailType": "Object Created",
            "Detail": json.dumps(detail),
        }
        response = self.applied.client("events").put_events(Entries=[entry])
        assert response["FailedEntryCount"] == 0

    def results(self, executions: int) -> list[dict[str, Any]]:
        """Wait until this number of executions has succeeded, and return their outputs."""
        states = self.applied.accounts[SOURCE_ACCOUNT].states
        machine = self.applied.outputs["state_machine_arn"]

        def arns() -> list[str]:
            listed = states.list_executions(stateMachineArn=machine)["executions"]
            return [execution["executionArn"] for execution in listed]

        wait_until(lambda: len(arns()) >= executions)
        ended = [
            self.applied.accounts[SOURCE_ACCOUNT].wait_for_end(arn, timeout=EXECUTION_SECONDS)
            for arn in arns()
        ]
        assert [execution["status"] for execution in ended] == ["SUCCEEDED"] * executions, ended
        return [json.loads(execution["output"]) for execution in ended]


@pytest.fixture
def uploads(applied: Applied) -> Iterator[Uploads]:
    uploads = Uploads(applied)
    yield uploads
    versions = uploads.s3.list_object_versions(Bucket=uploads.bucket).get("Versions", [])
    for version in versions:
        uploads.s3.delete_object(
            Bucket=uploads.bucket, Key=version["Key"], VersionId=version["VersionId"]
        )


@pytest.mark.examples("on-upload")
def test_each_upload_creates_one_dag_run_even_if_its_event_is_repeated(uploads: Uploads) -> None:
    """moto sends uploads to the rule, and `patch_event_rules` starts the state machine."""
    key = f"{uploads.prefix}Köln 1.csv"

    uploads.put("elsewhere.csv")
    versions = [uploads.put(key), uploads.put(key)]
    uploads.repeat_event(key, versions[0])

    run_ids = {result["dag_run_id"] for result in uploads.results(3)}
    confs = [uploads.applied.conf(run_id) for run_id in run_ids]
    assert sorted(confs, key=lambda conf: versions.index(conf["version_id"])) == [
        {"bucket": uploads.bucket, "key": key, "version_id": version} for version in versions
    ]
