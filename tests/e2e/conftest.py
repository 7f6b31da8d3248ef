"""The root configuration, deployed into the sandbox: once for each major version of Airflow, over both transports."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.account import Account
from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment, prepare
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.releases import DEFAULT
from sandbox.mwaa.rest import AirflowRest
from sandbox.stack import ENVIRONMENT_NAME, Sandbox

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

EXECUTION_SECONDS = 300.0

BUCKET = "batches"
MAX_CONCURRENCY = 3
BATCH = json.dumps({"bucket": BUCKET, "max_concurrency": MAX_CONCURRENCY})


@dataclass(frozen=True)
class Stack:
    """Everything that is there once the configuration is deployed."""

    transport: str
    sandbox: Sandbox
    deployment: Deployment
    outputs: Mapping[str, str]
    source: Account
    target: Account

    @property
    def airflow(self) -> AirflowRest:
        """Airflow's own REST API."""
        return self.sandbox.airflow.api

    def execute(self, *, name: str | None = None, **event: Any) -> Execution:
        """Start an execution with this input, `mwaa_env_name` included unless it is given, and wait for its end."""
        described = self.source.execute(
            self.outputs["state_machine_arn"],
            {"mwaa_env_name": ENVIRONMENT_NAME, **event},
            name=name or str(uuid.uuid4()),
            timeout=EXECUTION_SECONDS,
        )
        return Execution.described(described)

    def redrive(self, execution: Execution) -> Execution:
        """Redrive a failed execution, and wait for its end."""
        arn = execution.executionArn
        self.source.states.redrive_execution(executionArn=arn)
        return Execution.described(self.source.wait_for_end(arn, timeout=EXECUTION_SECONDS))

    def invoke(self, **event: Any) -> tuple[Any, str | None]:
        """Invoke the function itself; return what it answers, and the kind of error if it is one."""
        response = self.target.functions.invoke(
            FunctionName=self.outputs["function_arn"], Payload=json.dumps(event)
        )
        return json.load(response["Payload"]), response.get("FunctionError")


@dataclass(frozen=True)
class Execution:
    """How an execution of the state machine ended."""

    executionArn: str  # noqa: N815 - as Step Functions calls it
    status: str
    output: str | None = field(default=None)
    error: str | None = field(default=None)
    cause: str | None = field(default=None)

    @classmethod
    def described(cls, description: DescribeExecutionOutputTypeDef) -> Execution:
        """Return what Step Functions says of an execution that has ended."""
        return cls(
            description["executionArn"],
            description["status"],
            description.get("output"),
            description.get("error"),
            description.get("cause"),
        )


@dataclass(frozen=True)
class Deployed:
    """A sandbox, and the configuration as it was applied last."""

    sandbox: Sandbox
    deployment: Deployment
    outputs: Mapping[str, str]
    applied: list[str]
    """The transports in the order in which they were applied."""


# Not of the session: a process has one local AWS at a time, and other tests come with their own.
@pytest.fixture(scope="package")
def deployed(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The configuration with its default transport, `cli`."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    configuration = directory / "terraform"
    prepare(configuration)
    with Sandbox(airflow, directory) as sandbox:
        deployment = Deployment(configuration, sandbox.environment)
        yield Deployed(sandbox, deployment, deployment.apply(lambda *_: None, batch=BATCH), ["cli"])


@pytest.fixture(scope="package", params=["cli", "rest"])
def stack(deployed: Deployed, request: pytest.FixtureRequest) -> Stack:
    """The deployed stack with one of the transports; where it has the other, it is switched."""
    if deployed.applied[-1] != request.param:
        deployed.deployment.apply(lambda *_: None, transport=request.param, batch=BATCH)
        deployed.applied.append(request.param)
    url = deployed.sandbox.aws.url
    return Stack(
        request.param,
        deployed.sandbox,
        deployed.deployment,
        deployed.outputs,
        Account(url, SOURCE_ACCOUNT),
        Account(url, TARGET_ACCOUNT),
    )


# For what ends before it reaches an Airflow, and so is alike with each.
on_the_default = pytest.mark.on(DEFAULT)
over_cli = pytest.mark.over("cli")
over_rest = pytest.mark.over("rest")


ASKED_FOR = {"of": "applied", "on": "installation", "over": "stack"}
"""The parameter whose values a mark names."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the Airflows, transports and examples that a test does not ask for.

    Were they left out of its parametrisation, pytest would not order by them, and each switch is an apply.
    """
    items[:] = [item for item in items if _is_asked_for(item)]


def _is_asked_for(item: pytest.Item) -> bool:
    return all(
        item.callspec.params[ASKED_FOR[mark.name]] in mark.args
        for mark in item.iter_markers()
        if mark.name in ASKED_FOR and isinstance(item, pytest.Function)
    )
