"""Each fault in front of a real Airflow: when the function reports a DAG run, it exists exactly once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
import requests

from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.rest import DagRun
from tests.faults.conftest import CONF, Lane, Mwaa, environment_name, event_for, variables
from tests.faults.ends import ONE_FAULT, expected
from tests.support.clock import Clock
from tests.support.fake_mwaa.faults import NEVER_RUN, Fault, Kind, Ran
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.transports.adapters import ADAPTERS

pytestmark = pytest.mark.airflow

DAG = "paused"
"""Its runs stay queued, so that nothing else is at work."""
ENDS = {Kind.CRASH, Kind.STALE}
"""Nothing of Airflow's own is read after them."""
EACH = [
    pytest.param(transport, fault, id=f"{transport}-{fault}")
    for transport, adapter in ADAPTERS.items()
    for fault in (
        Fault(kind, Ran.NO if kind in NEVER_RUN else Ran.YES)
        for kind in sorted(adapter.kinds - ENDS)
    )
]


@dataclass(frozen=True)
class Request:
    """A request to Airflow, by its text."""

    text: str
    send: Callable[[], Any] = field(compare=False)


class CachedAirflow:
    """A real Airflow that takes part in each dialogue once: when it is repeated, the cache responds.

    A dialogue is the sequence of requests that Airflow receives since `begin`, when its DAG has no run of
    these tests. Faults change what the function receives, so that many of them lead to one dialogue.
    """

    def __init__(self, airflow: Airflow) -> None:
        self.version = airflow.version
        self._airflow = airflow
        self._foreign = set(airflow.api.run_ids(DAG))
        self._dialogue: list[Request] = []
        self._taken: list[Request] = []
        self._responses: dict[tuple[str, ...], Any] = {}

    def begin(self) -> None:
        """Begin a dialogue."""
        self._dialogue = []

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        send = partial(self._airflow.cli, argv, timeout)
        return cast("CliResult", self._respond(Request(json.dumps(argv), send)))

    def rest(
        self, method: str, path: str, *, params: object, body: object, timeout: float
    ) -> requests.Response:
        """Send a request to the REST API."""
        send = partial(self._airflow.rest, method, path, params=params, body=body, timeout=timeout)
        text = json.dumps([method, path, params, body])
        return cast("requests.Response", self._respond(Request(text, send)))

    def runs(self) -> list[DagRun]:
        """Return the DAG runs that the dialogue has created."""
        return cast("list[DagRun]", self._respond(Request("runs", self._created_runs)))

    def _respond(self, request: Request) -> Any:
        before, self._dialogue = self._dialogue, [*self._dialogue, request]
        texts = tuple(request.text for request in self._dialogue)
        if texts not in self._responses:
            if self._taken != before:
                self._return_to(before)
            self._responses[texts] = request.send()
            self._taken = self._dialogue
        return self._responses[texts]

    def _return_to(self, dialogue: list[Request]) -> None:
        for run in self._created_runs():
            path = f"/dags/{DAG}/dagRuns/{run.run_id}"
            self._airflow.api.call("DELETE", path).raise_for_status()
        for request in dialogue:
            request.send()

    def _created_runs(self) -> list[DagRun]:
        run_ids = [name for name in self._airflow.api.run_ids(DAG) if name not in self._foreign]
        return [run for name in run_ids if (run := self._airflow.api.dag_run(DAG, name))]


@dataclass(frozen=True)
class Real:
    """A real Airflow behind the faulty front."""

    mwaa: Mwaa
    airflow: CachedAirflow

    def begin(self, *script: Fault) -> None:
        """Begin a script before a DAG without runs."""
        self.airflow.begin()
        self.mwaa.front.begin(*script)


@pytest.fixture(scope="module")
def real(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    clock, cached = Clock(), CachedAirflow(airflow)
    with (
        FakeMwaa(
            {environment_name(airflow.version): cached}, tmp_path_factory.mktemp("front"), clock
        ) as front,
        variables(front),
    ):
        yield Real(Mwaa(front, {}, clock), cached)


@pytest.mark.parametrize(("transport", "fault"), EACH)
def test_the_run_exists_once(real: Real, transport: str, fault: Fault) -> None:
    lane = Lane(real.airflow.version, transport)
    injected = real.mwaa.front.played[fault]
    real.begin(fault)
    event = event_for(lane, mwaa_dag_name=DAG, run_id="order-1")
    ending = real.mwaa.invoke(real.mwaa.container(lane), event)
    assert real.mwaa.front.played[fault] == injected + 1
    assert ending.end == expected(ONE_FAULT, lane, fault)
    runs = real.airflow.runs()
    if ending.result is None:
        assert runs == [] or fault.ran is Ran.YES
    else:
        assert [(run.run_id, run.conf) for run in runs] == [("order-1", CONF)]


@pytest.mark.parametrize("transport", ADAPTERS)
def test_a_run_is_created_once_however_often_it_is_requested(real: Real, transport: str) -> None:
    lane = Lane(real.airflow.version, transport)
    event = event_for(lane, mwaa_dag_name=DAG, run_id="order-1")
    real.begin(*[Fault(Kind.GATEWAY_TIMEOUT, Ran.LATE)] * 3)
    container = real.mwaa.container(lane)
    endings = [real.mwaa.invoke(container, event) for _ in range(3)]
    real.mwaa.front.run_late_calls()
    assert all(ending.result for ending in endings)
    assert [run.run_id for run in real.airflow.runs()] == ["order-1"]
