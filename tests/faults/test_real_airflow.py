"""Each fault in front of a real Airflow: when the function says that the run is there, it is, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.rest import AirflowRest
from tests.faults.conftest import CONF, Lane, Mwaa, environment_name, event_for, variables
from tests.support.adapters import ADAPTERS
from tests.support.clock import Clock
from tests.support.faults import NEVER_RUN, Fault, Kind, Ran
from tests.support.mwaa import FakeMwaa

pytestmark = pytest.mark.airflow

DAG = "paused"
"""Its runs stay queued, so that nothing else is at work."""
ENDS = {Kind.CRASH, Kind.STALE}
"""Nothing of Airflow's own is read after them."""
FAULTS = {
    transport: [
        Fault(kind, Ran.NO if kind in NEVER_RUN else Ran.YES)
        for kind in sorted(adapter.kinds - ENDS)
    ]
    for transport, adapter in ADAPTERS.items()
}
EACH = [
    pytest.param(transport, fault, id=f"{transport}-{fault}")
    for transport, each in FAULTS.items()
    for fault in each
]


@dataclass(frozen=True)
class Real:
    """A real Airflow behind the faulty front."""

    mwaa: Mwaa
    version: str
    rest: AirflowRest


@pytest.fixture(scope="module")
def real(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    clock = Clock()
    name = environment_name(airflow.version)
    with (
        FakeMwaa({name: airflow}, tmp_path_factory.mktemp("front"), clock) as front,
        variables(front),
    ):
        yield Real(Mwaa(front, {}, clock), airflow.version, airflow.api)


@pytest.mark.parametrize(("transport", "fault"), EACH)
def test_the_run_is_there_once(real: Real, transport: str, fault: Fault) -> None:
    lane = Lane(real.version, transport)
    run_id = f"{transport}__{'-'.join(str(fault).replace(',', '').split())}"
    before, injected = real.rest.run_ids(DAG), real.mwaa.front.played[fault]
    real.mwaa.front.begin(fault)
    container = real.mwaa.container(lane)
    ending = real.mwaa.invoke(container, event_for(lane, mwaa_dag_name=DAG, run_id=run_id))
    assert real.mwaa.front.played[fault] == injected + 1
    new = sorted(set(real.rest.run_ids(DAG)) - set(before))
    if ending.result is None:
        assert ending.error == "AccessDenied"
        assert new == [] or fault.ran is Ran.YES
    else:
        assert new == [run_id]
        run = real.rest.dag_run(DAG, run_id)
        assert run and run.conf == CONF
        assert ending.result["created"] or fault.ran is Ran.YES


def test_a_run_is_made_once_however_often_it_is_asked_for(real: Real) -> None:
    for transport in FAULTS:
        lane = Lane(real.version, transport)
        event = event_for(lane, mwaa_dag_name=DAG, run_id=f"again-{transport}")
        real.mwaa.front.begin(*[Fault(Kind.GATEWAY_TIMEOUT, Ran.LATE)] * 3)
        container = real.mwaa.container(lane)
        endings = [real.mwaa.invoke(container, event) for _ in range(3)]
        real.mwaa.front.settle()
        assert all(ending.result for ending in endings)
        assert real.rest.run_ids(DAG).count(f"again-{transport}") == 1
