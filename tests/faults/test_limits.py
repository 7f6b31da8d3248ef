"""What is large: it works, or is refused with a sentence that gives the limit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from mwaa_dags_trigger.fields import MAX_CONF_BYTES

from tests.faults.conftest import LANES, VERSIONS, Lane, Mwaa, event_for
from tests.faults.rules import Run
from tests.support.fake_mwaa.faults import Fault, Kind, Ran

each_transport = pytest.mark.parametrize(
    "lane", [lane for lane in LANES if lane.version == VERSIONS[-1]], ids=str
)
over_rest = pytest.mark.parametrize("lane", [Lane(VERSIONS[-1], "rest")], ids=str)

LONG_ID = "order-1-" + "x" * 50
"""Too long for a path of InvokeRestApi."""


def conf_of(size: int) -> dict[str, str]:
    """Return a conf of this number of bytes of JSON."""
    return {"k": "x" * (size - len('{"k":""}'))}


def old_runs(number: int, conf: dict[str, str]) -> list[Run]:
    date = datetime(2025, 1, 1, tzinfo=UTC)
    return [Run(f"scheduled__{n}", conf, date) for n in range(number)]


@each_transport
def test_a_conf_of_256_kib_arrives(mwaa: Mwaa, lane: Lane) -> None:
    airflow = mwaa.begin(lane, [])
    conf = conf_of(MAX_CONF_BYTES)
    ending = mwaa.invoke(mwaa.container(lane), event_for(lane, mwaa_dag_conf=conf))
    assert ending.result and ending.result["created"]
    assert [run.conf for run in airflow.runs] == [conf]


@over_rest
def test_a_conf_of_256_kib_is_compared(mwaa: Mwaa, lane: Lane) -> None:
    mwaa.begin(lane, [Fault(Kind.GATEWAY_TIMEOUT, Ran.YES)])
    event = event_for(lane, mwaa_dag_conf=conf_of(MAX_CONF_BYTES))
    ending = mwaa.invoke(mwaa.container(lane), event)
    assert ending.result and not ending.result["created"]


@each_transport
@pytest.mark.parametrize("run_id", ["order-1", LONG_ID], ids=["short id", "long id"])
def test_a_run_is_found_among_10_000(mwaa: Mwaa, lane: Lane, run_id: str) -> None:
    airflow = mwaa.begin(lane, [Fault(Kind.GATEWAY_TIMEOUT, Ran.YES)])
    airflow.runs += old_runs(10_000, {})
    ending = mwaa.invoke(mwaa.container(lane), event_for(lane, run_id=run_id))
    assert ending.result and not ending.result["created"]
    assert len(airflow.named(run_id)) == 1


@each_transport
@pytest.mark.parametrize("run_id", ["order-1", LONG_ID], ids=["short id", "long id"])
def test_a_run_that_is_not_among_10_000_is_created(mwaa: Mwaa, lane: Lane, run_id: str) -> None:
    airflow = mwaa.begin(lane, [Fault(Kind.GATEWAY_TIMEOUT)])
    airflow.runs += old_runs(10_000, {})
    ending = mwaa.invoke(mwaa.container(lane), event_for(lane, run_id=run_id))
    assert ending.result and ending.result["created"]
    assert len(airflow.named(run_id)) == 1


@over_rest
def test_runs_with_large_confs_are_searched_page_by_page(mwaa: Mwaa, lane: Lane) -> None:
    airflow = mwaa.begin(lane, [Fault(Kind.GATEWAY_TIMEOUT)])
    airflow.runs += old_runs(60, conf_of(MAX_CONF_BYTES))
    ending = mwaa.invoke(mwaa.container(lane), event_for(lane, run_id=LONG_ID))
    assert ending.result and ending.result["created"]
