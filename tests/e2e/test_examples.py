"""Unchanged examples create DAG runs, need no second apply, and leave nothing behind when they are destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws.accounts import (
    SECOND_SOURCE_ACCOUNT,
    SOURCE_ACCOUNT,
    TARGET_ACCOUNT,
)
from sandbox.aws.sessions import new_session
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR
from sandbox.stack import ENVIRONMENT_NAME
from tests.e2e.conftest import EXECUTION_SECONDS, Deployed
from tests.e2e.examples import (
    DAG,
    Applied,
    configured,
    created,
    deployer,
    environment_of,
    planned_roles,
    present,
)
from tests.support.local_aws.terraform import Terraform
from tests.support.waiting import wait_until
from tools.paths import PROJECT

# The worker of the default version has more other tests.
pytestmark = pytest.mark.airflow_version(NEWEST_OF_EACH_MAJOR[0])


@pytest.fixture(
    scope="module",
    params=["existing-roles", "many-sources", "on-upload", "parameter-store", "separate-states"],
)
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
    with_roles = {
        "source_account": deployer(SOURCE_ACCOUNT),
        "target_account": deployer(TARGET_ACCOUNT),
        "mwaa_environments": [ENVIRONMENT_NAME],
    }
    several = {
        "finance_account": deployer(SECOND_SOURCE_ACCOUNT),
        "sales_account": deployer(SOURCE_ACCOUNT),
        "target_account": deployer(TARGET_ACCOUNT),
        "mwaa_environments": [ENVIRONMENT_NAME],
    }
    parts: dict[str, list[tuple[str, dict[str, str], dict[str, Any]]]] = {
        "existing-roles": [("existing-roles", {}, with_roles)],
        "many-sources": [("many-sources", {}, several)],
        "on-upload": [("on-upload", {}, both)],
        "parameter-store": [
            (
                "parameter-store/target",
                environment_of(accounts[TARGET_ACCOUNT]),
                {
                    "mwaa_environments": [ENVIRONMENT_NAME],
                    "source_deployer_role_arn": deployer(SOURCE_ACCOUNT)["assume_role_arn"],
                },
            ),
            ("parameter-store/source", environment_of(accounts[SOURCE_ACCOUNT]), {}),
        ],
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
    roles = (
        planned_roles(directory / "examples" / "existing-roles", environment)
        if request.param == "existing-roles"
        else []
    )
    with created(roles, accounts):
        before = present(example)
        for deployment in deployments:
            outputs |= deployment.apply(lambda *_: None).outputs
        yield example
        for deployment in reversed(deployments):
            deployment.destroy(lambda *_: None)
        assert present(example) == before


# The other examples have only resources of the modules, whose second plan tests/sandbox/deployment checks.
@pytest.mark.examples("on-upload", "parameter-store")
def test_a_second_plan_shows_no_changes(applied: Applied) -> None:
    assert [deployment.plan() for deployment in applied.deployments] == [{}] * len(
        applied.deployments
    )


@pytest.mark.examples("parameter-store", "separate-states")
def test_two_states_together_trigger_a_dag_run(applied: Applied) -> None:
    machine = applied.outputs["state_machine_arn"]

    assert applied.run_of(machine) == {"started": machine}


@pytest.mark.examples("parameter-store")
def test_the_source_can_read_only_its_parameter(applied: Applied) -> None:
    assumed = applied.accounts[SOURCE_ACCOUNT].sts.assume_role(
        RoleArn=applied.outputs["reader_role_arn"], RoleSessionName="source"
    )["Credentials"]
    session = new_session(
        access_key=assumed["AccessKeyId"],
        secret_key=assumed["SecretAccessKey"],
        token=assumed["SessionToken"],
    )
    reader = session.client("ssm", endpoint_url=applied.deployed.sandbox.aws.url)
    parameters = applied.client("ssm", account=TARGET_ACCOUNT).describe_parameters()["Parameters"]
    [name] = [parameter["Name"] for parameter in parameters]

    assert reader.get_parameter(Name=name)
    with pytest.raises(ClientError, match="not authorized to perform: ssm:GetParameter"):
        reader.get_parameter(Name=f"{name}-other")


@pytest.mark.examples("existing-roles")
def test_existing_roles_with_the_planned_policies_trigger_a_dag_run(applied: Applied) -> None:
    machine = applied.outputs["state_machine_arn"]

    assert applied.run_of(machine) == {"started": machine}
    [deployment] = applied.deployments
    assert [address for address in deployment.resources() if "aws_iam" in address] == []


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
