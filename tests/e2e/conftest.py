"""The root configuration, deployed into the sandbox, once for each major version of Airflow."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment
from sandbox.mwaa.install import install
from sandbox.mwaa.rest import AirflowRest
from sandbox.stack import ENVIRONMENT_NAME, Sandbox
from tools.paths import BUILD

EXECUTION_SECONDS = 120.0


@dataclass(frozen=True)
class Stack:
    """Everything that is there once the configuration is deployed."""

    sandbox: Sandbox
    deployment: Deployment
    outputs: Mapping[str, str]
    source: Account
    target: Account
    airflow: AirflowRest

    def execute(self, *, name: str | None = None, **event: Any) -> Execution:
        """Start an execution with this input, `mwaa_env_name` included unless it is given, and wait for its end."""
        described = self.source.execute(
            self.outputs["state_machine_arn"],
            {"mwaa_env_name": ENVIRONMENT_NAME, **event},
            name=name or str(uuid.uuid4()),
            timeout=EXECUTION_SECONDS,
        )
        return Execution(**{key: described.get(key) for key in Execution.__annotations__})

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


@pytest.fixture(scope="session", params=["3.3.1", "2.11.2"])
def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    installation = install(request.param, BUILD, nullcontext)
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(installation, directory) as sandbox:
        deployment = Deployment(directory / "terraform", sandbox.environment)
        deployment.init()
        outputs = deployment.apply(lambda *_: None)
        sandbox.wait_ready()
        yield Stack(
            sandbox,
            deployment,
            outputs,
            Account(sandbox.aws.url, SOURCE_ACCOUNT),
            Account(sandbox.aws.url, TARGET_ACCOUNT),
            sandbox.airflow.api,
        )
