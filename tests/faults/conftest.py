"""The Lambda's handler in front of an MWAA that fails by a script."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.handler import handle
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.request import Trigger, parse
from mwaa_dags_trigger.transports.base import Transport

from tests.faults.rules import DAG, RulesAirflow
from tests.support.clock import FUNCTION_SECONDS, Clock
from tests.support.fake_mwaa.faults import Fault
from tests.support.fake_mwaa.server import CrashError, FakeMwaa, client
from tests.support.handler import EVERYTHING
from tests.support.isolation import isolate
from tests.support.secrets import CONF_MARK
from tests.support.transports.adapters import ADAPTERS

if TYPE_CHECKING:
    from tests.terraform.planner import Plan

VERSIONS = ("2.5.1", "2.11.2", "3.3.1")
CONF = {"client": CONF_MARK, "nested": {"n": 1, "quote": "it's"}}


@dataclass(frozen=True)
class Ending:
    """How an invocation or an execution ended: with a result, or with an error's name and message."""

    result: Mapping[str, Any] | None = None
    error: str = ""
    message: str = field(default="", repr=False)

    def __str__(self) -> str:
        return self.error or "success"

    @property
    def end(self) -> str:
        """The name of the error; for a result `created` or `found`, by its field `created`."""
        return self.error or ("created" if self.result and self.result["created"] else "found")


@dataclass(frozen=True)
class Lane:
    """One version over one transport."""

    version: str
    transport: str

    def __str__(self) -> str:
        return f"{self.version}-{self.transport}"


LANES = [
    Lane(version, transport)
    for transport in ADAPTERS
    for version in VERSIONS
    if version != "2.5.1" or transport == "cli"  # whose flags are its own
]

each_lane = pytest.mark.parametrize("lane", LANES, ids=str)


class Mwaa:
    """A front with an Airflow of each version behind it, and the handler before it."""

    def __init__(self, front: FakeMwaa, airflows: Mapping[str, RulesAirflow], clock: Clock) -> None:
        self.front, self.airflows, self.clock = front, airflows, clock
        self._client = client(front, clock)

    def begin(self, lane: Lane, script: Iterable[Fault]) -> RulesAirflow:
        """Begin a script before an Airflow without runs."""
        airflow = self.airflows[lane.version]
        self.front.begin(*script)
        airflow.runs.clear()
        airflow.state = "queued"
        airflow.chatter = b""
        return airflow

    def container(self, lane: Lane) -> Transport:
        """Make what lives as long as a container of the function."""
        environments = Environments(self._client, self.clock)
        return ADAPTERS[lane.transport].connect(environments, self.front, self.clock)

    def invoke(self, container: Transport, event: Mapping[str, Any]) -> Ending:
        """Invoke the function once, and end it where Lambda would."""
        ends = self.clock() + FUNCTION_SECONDS
        deadline = Deadline(time_left=lambda: ends - self.clock(), sleep=self.clock.sleep)
        try:
            ending = Ending(handle(event, container, deadline, allowed=EVERYTHING))
        except TriggerError as error:
            ending = Ending(error=type(error).__name__, message=str(error))
        except CrashError:
            ending = Ending(error="Runtime.ExitError")
        return ending if self.clock() < ends else Ending(error="Sandbox.Timedout")


def event_for(lane: Lane, name: str = "client-1", **fields: object) -> dict[str, Any]:
    arn = f"arn:aws:states:eu-central-1:111111111111:execution:onboarding:{name}"
    return {
        "mwaa_env_name": environment_name(lane.version),
        "mwaa_dag_name": DAG,
        "mwaa_dag_conf": CONF,
        "execution_arn": arn,
        "state_name": "Trigger MWAA DAG",
        "redrive_count": 0,
        "retry_count": 0,
        **fields,
    }


def run_id_of(event: Mapping[str, Any]) -> str:
    request = parse(event)
    assert isinstance(request, Trigger)
    return request.key.dag_run_id


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
def variables(front: FakeMwaa) -> Iterator[None]:
    """Let the clients trust the front, and read no configuration of the machine's user.

    After it no log has held a token or a value of the conf, and no redirect led to another host.
    """
    logs = NoSecrets()
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch, front.ca_file)
        for name in ("mwaa_dags_trigger", "botocore", "urllib3"):
            logger = logging.getLogger(name)
            patch.setattr(logger, "propagate", False)  # pytest would keep all records
            patch.setattr(logger, "handlers", [logs])
        patch.setattr(logging.getLogger(), "level", logging.DEBUG)
        yield
    assert logs.records > 0
    assert logs.conf_values == 0
    assert not logs.long_words & set(front.tokens)
    assert front.redirected_requests == 0


# The scope is not `session`, because the variables would change tests of other packages.
@pytest.fixture(scope="package")
def mwaa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mwaa]:
    """One front for all tests of this package."""
    clock = Clock()
    airflows = {version: RulesAirflow(version, clock) for version in VERSIONS}
    by_name = {environment_name(version): airflow for version, airflow in airflows.items()}
    with (
        FakeMwaa(by_name, tmp_path_factory.mktemp("front"), clock) as front,
        variables(front),
    ):
        yield Mwaa(front, airflows, clock)


@pytest.fixture(scope="session")
def state(sandbox_plan: Plan) -> Mapping[str, Any]:
    """The state that triggers."""
    state: Mapping[str, Any] = sandbox_plan.definition()["States"]["Trigger MWAA DAG"]
    assert not any("States.ALL" in retrier["ErrorEquals"] for retrier in state["Retry"])
    return state


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests here have counted, whichever worker ran them."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "faults":
                terminalreporter.section("faults")
                terminalreporter.write_line(text)
