"""The Lambda's handler in front of an MWAA that fails by a script."""

from __future__ import annotations

import importlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import botocore.session
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import READ_S, Environments
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.rest import RestTransport
from requests.adapters import HTTPAdapter

from sandbox.mwaa.faults import Fault, FaultyFront
from tests.faults.rules import DAG, Airflow

VERSIONS = ("2.5.1", "2.11.2", "3.3.1")
CONF_MARK = "c0nf-s3cret"
CONF = {"client": CONF_MARK, "nested": {"n": 1, "quote": "it's"}}
FUNCTION_SECONDS = 300.0
PATIENCE = 10.0

AWS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "NO_PROXY": "localhost",
}


class Clock:
    """Seconds that only `sleep` moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Impatient(HTTPAdapter):
    """Waits for less than it is given, and moves the clock as if it had been all of that."""

    def __init__(self, clock: Clock, patience: float) -> None:
        super().__init__()
        self._clock, self._patience = clock, patience

    def send(self, request: Any, *args: Any, timeout: Any, **options: Any) -> requests.Response:
        try:
            return super().send(request, *args, timeout=self._patience, **options)
        except requests.ReadTimeout:
            self._clock.sleep(timeout[1])
            raise


@dataclass(frozen=True)
class Ending:
    """How an invocation or an execution ended: with a result, or with an error's name and message."""

    result: Mapping[str, Any] | None = None
    error: str = ""
    message: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.error or "success"


@dataclass(frozen=True)
class Lane:
    """One version over one transport."""

    version: str
    transport: str

    def __str__(self) -> str:
        return f"{self.version}-{self.transport}"


LANES = [Lane(version, "cli") for version in VERSIONS] + [
    Lane(version, "rest") for version in VERSIONS if version != "2.5.1"
]


class Mwaa:
    """A front with an Airflow of each version behind it, and the handler before it."""

    def __init__(self, front: FaultyFront, airflows: Mapping[str, Airflow], clock: Clock) -> None:
        self.front, self.airflows, self.clock = front, airflows, clock
        self.app: ModuleType = importlib.import_module("mwaa_dags_trigger.app")
        self._clients: dict[float, Any] = {}

    def client(self, patience: float) -> Any:
        """Give the client of MWAA's API that gives up after so many real seconds."""
        if patience not in self._clients:
            self._clients[patience] = client = botocore.session.get_session().create_client(
                "mwaa",
                endpoint_url=f"https://{self.front.hostname}",
                verify=str(self.front.ca_file),
                config=Config(
                    inject_host_prefix=False,
                    read_timeout=patience,
                    retries={"mode": "standard", "total_max_attempts": 1},
                ),
            )
            client.meta.events.register("needs-retry.mwaa", self._wait_in_full)
        return self._clients[patience]

    def _wait_in_full(self, caught_exception: Exception | None, **_: Any) -> None:
        if isinstance(caught_exception, ReadTimeoutError):
            self.clock.sleep(READ_S)

    def begin(self, lane: Lane, script: Iterable[Fault]) -> Airflow:
        """Begin a script before an Airflow without runs."""
        airflow = self.airflows[lane.version]
        self.front.play(script)
        airflow.runs.clear()
        airflow.chatter = b""
        return airflow

    def container(self, lane: Lane, *, patience: float = PATIENCE) -> Any:
        """Make what lives as long as a container of the function.

        After `patience` real seconds it gives up, and the clock moves on as far as it really would.
        """
        environments = Environments(self.client(patience), self.clock)
        if lane.transport == "rest":
            return RestTransport(environments)
        transport = CliTransport(environments, self.clock)
        transport._session.mount("https://", Impatient(self.clock, patience))
        return transport

    def invoke(self, container: Any, event: Mapping[str, Any]) -> Ending:
        """Invoke the function once, and end it where Lambda would."""
        ends = self.clock() + FUNCTION_SECONDS
        deadline = Deadline(time_left=lambda: ends - self.clock(), sleep=self.clock.sleep)
        try:
            ending = Ending(self.app.handle(event, container, deadline))
        except TriggerError as error:
            ending = Ending(error=type(error).__name__, message=str(error))
        return ending if self.clock() < ends else Ending(error="Sandbox.Timedout")


def event_for(lane: Lane, name: str = "client-1", **fields: Any) -> dict[str, Any]:
    arn = f"arn:aws:states:eu-central-1:111111111111:execution:onboarding:{name}"
    return {
        "mwaa_env_name": environment_name(lane.version),
        "mwaa_dag_name": DAG,
        "mwaa_dag_conf": CONF,
        "execution_arn": arn,
        "redrive_count": 0,
        **fields,
    }


def environment_name(version: str) -> str:
    return f"airflow-{version.replace('.', '-')}"


class NoSecrets(logging.Handler):
    """Looks into each record for a value of the conf, and for what may be a token."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records = self.conf_values = 0
        self.long_words: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.records += 1
        text = record.getMessage() + str(record.exc_info or "")
        self.conf_values += CONF_MARK in text
        self.long_words.update(re.findall(r"[\w-]{64,}", text))


@contextmanager
def variables(front: FaultyFront) -> Iterator[None]:
    """Let the clients trust the front, and read no configuration of the machine's user.

    After it no log has held a token or a value of the conf, and no redirect led to another host.
    """
    logs = NoSecrets()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**AWS, "REQUESTS_CA_BUNDLE": str(front.ca_file)}.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name in ("mwaa_dags_trigger", "botocore", "urllib3"):
            logger = logging.getLogger(name)
            patch.setattr(logger, "propagate", False)  # pytest would keep all records
            patch.setattr(logger, "handlers", [logs])
        patch.setattr(logging.getLogger(), "level", logging.DEBUG)
        yield
    assert logs.records > 0
    assert logs.conf_values == 0
    assert not logs.long_words & set(front.tokens)
    assert front.strays == 0


@pytest.fixture(scope="session")
def mwaa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mwaa]:
    """One front for the whole run."""
    clock = Clock()
    airflows = {version: Airflow(version, clock) for version in VERSIONS}
    by_name = {environment_name(version): airflow for version, airflow in airflows.items()}
    with (
        FaultyFront(by_name, tmp_path_factory.mktemp("front"), clock=clock) as front,
        variables(front),
    ):
        yield Mwaa(front, airflows, clock)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests here have counted, whichever worker ran them."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "faults":
                terminalreporter.section("faults")
                terminalreporter.write_line(text)
