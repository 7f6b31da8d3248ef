"""The root configuration, deployed into the sandbox for each major version of Airflow, with all transports."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.account import Account
from sandbox.aws.accounts import BATCH_BUCKET, OPERATOR, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.releases import DEFAULT
from sandbox.mwaa.rest import AirflowRest
from sandbox.stack import ENVIRONMENT_NAME, Sandbox
from tests.support.local_aws.commands import Commands, environment_for, write_profiles
from tests.support.local_aws.terraform import Terraform

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        HistoryEventTypeDef,
    )

EXECUTION_SECONDS = 300.0

MAX_CONCURRENCY = 3
BATCH = {"bucket": BATCH_BUCKET, "max_concurrency": MAX_CONCURRENCY}


@dataclass(frozen=True)
class Stack:
    """The deployed configuration with its sandbox and accounts."""

    transport: str
    sandbox: Sandbox
    deployment: Deployment
    outputs: Mapping[str, str]
    source: Account
    target: Account

    @property
    def airflow(self) -> AirflowRest:
        """The REST API of Airflow itself."""
        return self.sandbox.airflow.api

    def start(self, *, name: str | None = None, **event: Any) -> str:
        """Start an execution with this input and a default `mwaa_env_name`, and return its ARN."""
        return self.source.states.start_execution(
            stateMachineArn=self.outputs["state_machine_arn"],
            name=name or str(uuid.uuid4()),
            input=json.dumps({"mwaa_env_name": ENVIRONMENT_NAME, **event}),
        )["executionArn"]

    def ended(self, execution_arn: str) -> Execution:
        """Wait until an execution ends, and return its description."""
        described = self.source.wait_for_end(execution_arn, timeout=EXECUTION_SECONDS)
        return Execution.described(described)

    def execute(self, *, name: str | None = None, **event: Any) -> Execution:
        """Start an execution, and wait until it ends."""
        return self.ended(self.start(name=name, **event))

    def redrive(self, execution: Execution) -> Execution:
        """Redrive a failed execution, and wait until it ends."""
        self.source.states.redrive_execution(executionArn=execution.executionArn)
        return self.ended(execution.executionArn)

    def history(self, execution_arn: str) -> list[HistoryEventTypeDef]:
        """Return the events of an execution."""
        read = self.source.states.get_execution_history
        return read(executionArn=execution_arn, maxResults=1000)["events"]

    def invoke(self, **event: Any) -> tuple[Any, str | None]:
        """Invoke the function directly, and return its response with the kind of error, if any."""
        response = self.target.functions.invoke(
            FunctionName=self.outputs["function_arn"], Payload=json.dumps(event)
        )
        return json.load(response["Payload"]), response.get("FunctionError")


@dataclass(frozen=True)
class Execution:
    """An execution that has ended."""

    executionArn: str  # noqa: N815 - the name in Step Functions
    status: str
    output: str | None = field(default=None)
    error: str | None = field(default=None)
    cause: str | None = field(default=None)

    @classmethod
    def described(cls, description: DescribeExecutionOutputTypeDef) -> Execution:
        """Return the execution from its description."""
        return cls(
            description["executionArn"],
            description["status"],
            description.get("output"),
            description.get("error"),
            description.get("cause"),
        )


@dataclass(frozen=True)
class Deployed:
    """A sandbox with the deployed configuration."""

    sandbox: Sandbox
    deployment: Deployment
    outputs: Mapping[str, str]
    applied: list[str]
    """Names of the applied options, in their order."""


# The scope is not `session`, because a process can have only one local AWS and other tests start their own.
@pytest.fixture(scope="package")
def deployed(
    airflow: Airflow, terraform: Terraform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """The configuration with the default transport, `cli`."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(airflow, directory) as sandbox:
        deployment = terraform.deployment(directory / "terraform", sandbox.aws)
        outputs = deployment.apply(lambda *_: None, batch=BATCH).outputs
        Account(sandbox.aws.url, SOURCE_ACCOUNT).create_bucket(BATCH_BUCKET)
        yield Deployed(sandbox, deployment, outputs, ["cli"])


OPTIONS: dict[str, dict[str, Any]] = {
    "cli": {"transport": "cli"},
    "rest": {"transport": "rest"},
    "waiting": {
        "transport": "rest",
        "wait_for_completion": {"poll_interval_seconds": 5, "timeout_seconds": 300},
    },
}


@pytest.fixture(scope="package", params=OPTIONS)
def stack(deployed: Deployed, request: pytest.FixtureRequest) -> Stack:
    """The deployed stack with one set of options. The fixture applies the options if necessary."""
    options = OPTIONS[request.param]
    if deployed.applied[-1] != request.param:
        deployed.deployment.apply(lambda *_: None, batch=BATCH, **options)
        deployed.applied.append(request.param)
    url = deployed.sandbox.aws.url
    return Stack(
        options["transport"],
        deployed.sandbox,
        deployed.deployment,
        deployed.outputs,
        Account(url, SOURCE_ACCOUNT),
        Account(url, TARGET_ACCOUNT),
    )


@pytest.fixture(scope="package")
def profiles(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The AWS configuration file of somebody who has credentials for both accounts."""
    profiles = tmp_path_factory.mktemp("profiles") / "config"
    url = deployed.sandbox.aws.url
    write_profiles(
        profiles,
        source=Account(url, SOURCE_ACCOUNT, role=OPERATOR),
        target=Account(url, TARGET_ACCOUNT, role=OPERATOR),
    )
    return profiles


@pytest.fixture
def mwaa_dags(stack: Stack, profiles: Path, tmp_path: Path) -> Commands:
    """The command line, with credentials for both accounts."""
    environment = {
        **environment_for(stack.sandbox.aws.url, profiles),
        "MWAA_DAGS_STATE_MACHINE": stack.outputs["state_machine_arn"],
        "MWAA_DAGS_SOURCE_PROFILE": "source",
        "MWAA_DAGS_TARGET_PROFILE": "target",
    }
    return Commands(environment, tmp_path)


# For requests that fail before they reach Airflow, so that its version does not matter.
on_the_default = pytest.mark.airflow_version(DEFAULT)
over_cli = pytest.mark.transport("cli")
over_rest = pytest.mark.transport("rest")
while_waiting = pytest.mark.transport("waiting")


PARAMETERS = {"examples": "applied", "airflow_version": "installation", "transport": "stack"}
"""The parameter whose values a mark lists."""
DEFAULT_VALUES = {"transport": ("cli", "rest")}
"""The values for a test without the mark, if not all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deselect the Airflow versions, transports and examples that the marks of a test do not list.

    pytest orders tests by their shared parameters. Any other order would need more applies.
    """
    items[:] = [item for item in items if _is_selected(item)]


def _is_selected(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return True
    values = item.callspec.params
    selected = DEFAULT_VALUES | {mark.name: mark.args for mark in item.iter_markers()}
    return all(
        values[parameter] in selected[name]
        for name, parameter in PARAMETERS.items()
        if name in selected and parameter in values
    )
