"""The deployed configuration with a simulated Airflow whose commands and DAG runs take a fixed time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import requests
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.front import MwaaFront
from sandbox.mwaa.releases import DEFAULT
from tests.faults.rules import COMMAND_SECONDS, DAG, RulesAirflow
from tests.support.clock import Clock
from tests.support.local_aws.skipped_waits import skip_waits
from tests.support.local_aws.terraform import Stack, Terraform
from tools.errors import UserError

NAME = "sandbox"
BUCKET = "batches"
CLI_COMMAND_SECONDS = 5.0
"""Duration of a CLI command: the shortest of the 5 to 30 s that users report for MWAA."""
REST_REQUEST_SECONDS = 1.0
"""Duration of a REST request. There are no reports for MWAA. Airflow itself is much faster."""
DAG_RUN_SECONDS = 600.0
BATCH_TIMEOUT_SECONDS = 1200.0

Event = Mapping[str, Any]
"""An event in the history of an execution."""


class PacedClock(Clock):
    """A clock that waits in real time, or only counts the seconds."""

    real_time = True

    def sleep(self, seconds: float) -> None:
        """Advance the clock, and wait if it runs in real time."""
        super().sleep(seconds)
        if self.real_time:
            time.sleep(seconds)


class PacedAirflow(RulesAirflow):
    """A simulated Airflow that records the duration of each command and request."""

    def __init__(self, clock: PacedClock) -> None:
        super().__init__(DEFAULT, clock)
        self.paced_clock = clock
        self.dag_run_seconds = DAG_RUN_SECONDS
        self.waited: list[float] = []

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        self._wait(CLI_COMMAND_SECONDS, CLI_COMMAND_SECONDS - COMMAND_SECONDS)
        return super().cli(argv, timeout)

    def rest(
        self, method: str, path: str, *, params: object, body: Any, timeout: float
    ) -> requests.Response:
        """Return the response to a request."""
        self._wait(REST_REQUEST_SECONDS, REST_REQUEST_SECONDS)
        return super().rest(method, path, params=params, body=body, timeout=timeout)

    def _wait(self, seconds: float, remaining: float) -> None:
        self.waited.append(seconds)
        self.paced_clock.sleep(remaining)
        # The poll is for the newest run, because only one execution waits at a time.
        ended = (
            self.runs and (self.now() - self.runs[-1].date).total_seconds() >= self.dag_run_seconds
        )
        self.state = "success" if ended else "running"


@dataclass
class Counted:
    """Counts of executions.

    Parameters
    ----------
    events
        The events of all executions, including the children of distributed maps.
    waited
        Seconds of each command or request.
    """

    events: list[Event] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Deployed:
    """The deployed configuration."""

    airflow: PacedAirflow
    stack: Stack

    def apply(self, *, max_concurrency: int, **variables: Any) -> Mapping[str, str]:
        """Apply these options, and return the outputs."""
        batch = {"bucket": BUCKET, "max_concurrency": max_concurrency}
        # Without preliminary tasks, whose duration depends on the user.
        options = {"batch": batch, "preliminary_tasks": [], **variables}
        return self.stack.deployment.apply(lambda *_: None, **options).outputs

    def execute(self, state_machine: str, event: Mapping[str, Any]) -> tuple[str, float]:
        """Run an execution until it succeeds, and return its ARN and its duration in seconds."""
        started = self.stack.source.states.start_execution(
            stateMachineArn=state_machine, input=json.dumps(event)
        )
        ended = self.stack.source.wait_for_end(
            started["executionArn"], timeout=BATCH_TIMEOUT_SECONDS
        )
        if ended["status"] != "SUCCEEDED":
            raise UserError(f"An execution did not succeed: {ended}")
        seconds = (ended["stopDate"] - ended["startDate"]).total_seconds()
        return ended["executionArn"], seconds

    @contextmanager
    def counted(self) -> Iterator[Counted]:
        """Count the events and seconds of executions during the `with`."""
        counted = Counted()
        add = EventManager.add_event
        before = len(self.airflow.waited)

        def record(
            manager: EventManager, context: Any, event_type: HistoryEventType, *args: Any, **kw: Any
        ) -> int:
            details = kw.get("event_details") or (args[0] if args else None) or {}
            counted.events.append({**details, "type": event_type.value})
            number: int = add(manager, context, event_type, *args, **kw)
            return number

        with patch.object(EventManager, "add_event", record):
            yield counted
        counted.waited += self.airflow.waited[before:]

    @contextmanager
    def simulated_time(self) -> Iterator[None]:
        """Only count the seconds of commands and `Wait` states, instead of waiting."""
        clock = self.airflow.paced_clock
        with skip_waits(clock), patch.object(clock, "real_time", False):
            yield


def batch_items(number: int) -> Sequence[Mapping[str, Any]]:
    """Return this number of items for a batch."""
    return [
        {"mwaa_env_name": NAME, "mwaa_dag_name": DAG, "mwaa_dag_conf": {"client": f"client {n}"}}
        for n in range(number)
    ]


@contextmanager
def deployed(terraform: Terraform, directory: Path) -> Iterator[Deployed]:
    """Start the local AWS and its MWAA, and stop them at the end of the `with`."""
    directory.mkdir()
    airflow = PacedAirflow(PacedClock())
    with (
        MwaaFront({NAME: airflow}, directory) as front,
        terraform.stack(front, directory / "configuration") as stack,
    ):
        stack.source.create_bucket(BUCKET)
        yield Deployed(airflow, stack)
