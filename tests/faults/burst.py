"""A model of many executions at once: what the web server, Lambda and Step Functions do on one clock."""

from __future__ import annotations

import heapq
import io
import random
import shlex
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import requests
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.handler import handle
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.transports.cli import CliTransport
from requests.adapters import HTTPAdapter

from sandbox.mwaa.front import envelope
from tests.faults.rules import DAG, UNFIT, RulesAirflow
from tests.faults.state_machine import Retries
from tests.support.clock import FUNCTION_SECONDS, Clock
from tests.support.handler import EVERYTHING

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

SLOTS = 4
"""Commands that the web server takes at once (apache/airflow#32020)."""
COMMAND_SECONDS = 10.0
"""Of the clock; 5 to 30 are reported of MWAA (apache/airflow#59805, #21707)."""


class Together(Clock):
    """Runs functions in threads that take turns on one clock: each runs until it sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self._order = 0
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._turn_ends = threading.Semaphore(0)

    def sleep(self, seconds: float) -> None:
        """Let others run for this number of seconds of the clock."""
        wake = self._enqueue(seconds)
        self._turn_ends.release()
        wake.wait()

    def run(self, function: Callable[[int], None], times: int) -> None:
        """Run the function this number of times at once, each with its number, until all have ended."""

        def begin(number: int, wake: threading.Event) -> None:
            wake.wait()
            try:
                function(number)
            finally:
                self._turn_ends.release()

        for number in range(times):
            arguments = (number, self._enqueue(0))
            threading.Thread(target=begin, args=arguments, daemon=True).start()
        while self._sleepers:
            self.now, _, wake = heapq.heappop(self._sleepers)
            wake.set()
            self._turn_ends.acquire()

    def _enqueue(self, seconds: float) -> threading.Event:
        wake = threading.Event()
        self._order += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._order, wake))
        return wake


@dataclass
class Burst:
    """The result of a burst."""

    endings: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    invocations: int = 0
    runs: int = 0
    seconds: float = 0.0

    @property
    def lookups(self) -> int:
        """The number of commands that look up the run."""
        return self.commands.total() - self.commands["dags trigger"]


class _WebServer(HTTPAdapter):
    """Takes `SLOTS` commands at once, and refuses the next."""

    def __init__(self, airflow: RulesAirflow, clock: Together, burst: Burst) -> None:
        super().__init__()
        self._airflow, self._clock, self._burst = airflow, clock, burst
        self._taken = 0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        if self._taken == SLOTS:
            self._burst.refused += 1
            response.status_code, response.raw = HTTPStatus.SERVICE_UNAVAILABLE, io.BytesIO()
            return response
        self._taken += 1
        self._clock.sleep(COMMAND_SECONDS)
        self._taken -= 1
        words = shlex.split(cast("bytes", request.body).decode())
        self._burst.commands[" ".join(words[:2])] += 1
        printed = self._airflow.cli(words, COMMAND_SECONDS)
        answer = envelope(HTTPStatus.OK, printed.stdout, printed.stderr)
        response.status_code, response.raw = answer.status, io.BytesIO(answer.body)
        return response


class _Client:
    """The MWAA API."""

    def __init__(self, version: str) -> None:
        self._version = version

    def close(self) -> None:
        """Close nothing."""

    def get_environment(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 (boto3's)
        """Return what the function reads of an environment."""
        shown = {"Name": Name, "Status": "AVAILABLE", "AirflowVersion": self._version}
        return {"Environment": {**shown, "WebserverUrl": "web"}}

    def create_cli_token(self, *, Name: str) -> dict[str, str]:  # noqa: N803
        """Return a token for the web server."""
        return {"WebServerHostname": Name, "CliToken": "token"}


def burst(version: str, executions: int, state: Mapping[str, Any], *, unfit: int = 0) -> Burst:
    """Start this number of executions at once, each in its own container, and let all of them end.

    The conf of `unfit` of them does not fit the params of the DAG.
    """
    clock, result = Together(), Burst()
    airflow = RulesAirflow(version, clock)
    web_server = _WebServer(airflow, clock, result)
    random.seed(1)

    def execute(number: int) -> None:
        retries = Retries(state, lambda longest: random.uniform(0, longest))
        client = cast("MWAAClient", _Client(version))
        transport = CliTransport(Environments(client, clock), clock)
        transport.endpoint.session.mount("https://", web_server)
        event: dict[str, Any] = {
            "mwaa_env_name": "etl",
            "mwaa_dag_name": DAG,
            "mwaa_dag_conf": {UNFIT: 1} if number < unfit else {},
            "execution_arn": f"arn:aws:states:eu-central-1:111111111111:execution:m:{number}",
            "state_name": "Trigger MWAA DAG",
        }
        seconds: float | None = 0.0
        while seconds is not None:
            clock.sleep(seconds)
            result.invocations += 1
            end = clock() + FUNCTION_SECONDS
            deadline = Deadline(time_left=partial(_left, clock, end), sleep=clock.sleep)
            ending = "success"
            try:
                handle(event, transport, deadline, allowed=EVERYTHING)
            except TriggerError as error:
                ending = type(error).__name__
            event["retry_count"] = event.get("retry_count", 0) + 1
            seconds = retries.delay(ending)
        result.endings[ending] += 1
        result.seconds = max(result.seconds, clock())

    clock.run(execute, executions)
    result.runs = len(airflow.runs)
    return result


def _left(clock: Clock, end: float) -> float:
    return end - clock()
