"""The deployed configuration before an Airflow whose commands and DAG runs take a known time."""

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
COMMAND_S = 5.0
"""Of a command over the CLI: the fewest of the 5 to 30 s that are reported of MWAA, so that all else weighs most."""
REQUEST_S = 1.0
"""Of a request over REST. Nobody reports it of MWAA; it is far more than Airflow itself takes."""
DAG_RUN_S = 600.0
BATCH_S = 1200.0
"""For a batch that hangs."""

Event = Mapping[str, Any]
"""Of an execution's history."""


class Pace(Clock):
    """Seconds that pass in earnest, or are only counted."""

    in_earnest = True

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        super().sleep(seconds)
        if self.in_earnest:
            time.sleep(seconds)


class PacedAirflow(RulesAirflow):
    """An Airflow that notes for how long each command or request keeps its caller waiting."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(DEFAULT, pace)
        self.pace = pace
        self.dag_run_seconds = DAG_RUN_S
        self.waited: list[float] = []

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        self._wait(COMMAND_S, COMMAND_S - COMMAND_SECONDS)
        return super().cli(argv, timeout)

    def rest(
        self, method: str, path: str, *, params: object, body: Any, timeout: float
    ) -> requests.Response:
        """Answer a request."""
        self._wait(REQUEST_S, REQUEST_S)
        return super().rest(method, path, params=params, body=body, timeout=timeout)

    def _wait(self, seconds: float, still: float) -> None:
        self.waited.append(seconds)
        self.pace.sleep(still)
        # What is looked at is the run that was made last: where they wait, one runs at a time.
        ended = (
            self.runs and (self.now() - self.runs[-1].date).total_seconds() >= self.dag_run_seconds
        )
        self.state = "success" if ended else "running"


@dataclass
class Taken:
    """What executions took while they were counted.

    Parameters
    ----------
    events
        The events of all executions, including the children of distributed maps.
    waited
        The seconds of each command or request.
    """

    events: list[Event] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Deployed:
    """The deployed configuration."""

    airflow: PacedAirflow
    stack: Stack

    def apply(self, *, max_concurrency: int, **variables: Any) -> Mapping[str, str]:
        """Apply these options; return the outputs."""
        batch = {"bucket": BUCKET, "max_concurrency": max_concurrency}
        # Without preliminary tasks, which take what they take.
        options = {"batch": batch, "preliminary_tasks": [], **variables}
        return self.stack.deployment.apply(lambda *_: None, **options).outputs

    def execute(self, state_machine: str, event: Mapping[str, Any]) -> tuple[str, float]:
        """Execute to a good end; return the execution's ARN, and its seconds."""
        started = self.stack.source.states.start_execution(
            stateMachineArn=state_machine, input=json.dumps(event)
        )
        ended = self.stack.source.wait_for_end(started["executionArn"], timeout=BATCH_S)
        if ended["status"] != "SUCCEEDED":
            raise UserError(f"An execution has not succeeded: {ended}")
        seconds = (ended["stopDate"] - ended["startDate"]).total_seconds()
        return ended["executionArn"], seconds

    @contextmanager
    def counted(self) -> Iterator[Taken]:
        """Count what executions take, while the `with` lasts."""
        taken = Taken()
        add = EventManager.add_event
        before = len(self.airflow.waited)

        def note(
            manager: EventManager, context: Any, event_type: HistoryEventType, *args: Any, **kw: Any
        ) -> int:
            details = kw.get("event_details") or (args[0] if args else None) or {}
            taken.events.append({**details, "type": event_type.value})
            number: int = add(manager, context, event_type, *args, **kw)
            return number

        with patch.object(EventManager, "add_event", note):
            yield taken
        taken.waited += self.airflow.waited[before:]

    @contextmanager
    def skip_waits(self) -> Iterator[None]:
        """Only count the seconds that commands and `Wait` states take."""
        pace = self.airflow.pace
        with skip_waits(pace), patch.object(pace, "in_earnest", False):
            yield


def onboardings(number: int) -> Sequence[Mapping[str, Any]]:
    """Return so many items of a batch."""
    return [
        {"mwaa_env_name": NAME, "mwaa_dag_name": DAG, "mwaa_dag_conf": {"client": f"client {n}"}}
        for n in range(number)
    ]


@contextmanager
def deployed(terraform: Terraform, directory: Path) -> Iterator[Deployed]:
    """Start the local AWS and its MWAA; they end with the `with`."""
    directory.mkdir()
    airflow = PacedAirflow(Pace())
    with (
        MwaaFront({NAME: airflow}, directory) as front,
        terraform.stack(front, directory / "configuration") as stack,
    ):
        stack.source.create_bucket(BUCKET)
        yield Deployed(airflow, stack)
