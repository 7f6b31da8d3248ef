"""How one invocation of the function ends under each fault, on each version and over each transport."""

from __future__ import annotations

from collections.abc import Collection
from itertools import repeat

import pytest

from tests.faults.conftest import CONF, LANES, Ending, Lane, Mwaa, event_for, run_id_of
from tests.faults.ends import EVERY_TIME, ONE_FAULT, SAME_AS, expected
from tests.faults.rules import Run
from tests.support.fake_mwaa.faults import NEVER_RUN, Fault, Kind, Ran, faults
from tests.support.secrets import CONF_MARK
from tests.support.transports.adapters import ADAPTERS

ELSEWHERE = {*SAME_AS, Kind.CRASH}
"""Faults that need no test here: after a crash Lambda reports the error."""


def each(table: str, rans: Collection[Ran] = tuple(Ran)) -> pytest.MarkDecorator:
    """Return the parameters of a test: each fault over each lane, and the end that the table gives."""
    return pytest.mark.parametrize(
        ("lane", "fault", "end"),
        [
            pytest.param(lane, fault, expected(table, lane, fault), id=f"{lane}-{fault}")
            for lane in LANES
            if lane.version != "2.5.1"
            for fault in faults(ADAPTERS[lane.transport].kinds - ELSEWHERE)
            if fault.kind in NEVER_RUN or fault.ran in rans
        ],
    )


def invoke(mwaa: Mwaa, lane: Lane, **fields: str) -> Ending:
    """Invoke once, and let come what is late."""
    ending = mwaa.invoke(mwaa.container(lane), event_for(lane, **fields))
    mwaa.front.run_late_calls()
    return ending


@each(ONE_FAULT)
def test_after_one_fault_the_run_exists_once(
    mwaa: Mwaa, lane: Lane, fault: Fault, end: str
) -> None:
    airflow = mwaa.begin(lane, [fault])
    before = mwaa.front.played[fault]
    ending = invoke(mwaa, lane)
    assert mwaa.front.played[fault] == before + 1
    assert ending.end == end
    run_id = run_id_of(event_for(lane))
    if ending.result is not None:
        assert ending.result["dag_run_id"] == run_id
        assert [run.run_id for run in airflow.runs] == [run_id]
        assert airflow.runs[0].conf == CONF


@each(EVERY_TIME)
def test_a_fault_that_stays_ends_in_a_named_error(
    mwaa: Mwaa, lane: Lane, fault: Fault, end: str
) -> None:
    airflow = mwaa.begin(lane, repeat(fault, 40))
    ending = invoke(mwaa, lane)
    assert ending.end == end
    assert len(airflow.runs) <= 1
    if ending.result is None:
        event = event_for(lane)
        assert event["execution_arn"] in ending.message
        assert run_id_of(event) in ending.message
        assert CONF_MARK not in ending.message
        assert not [token for token in mwaa.front.tokens if token in ending.message]


@each(ONE_FAULT, [Ran.YES])
def test_a_run_id_with_another_conf_makes_nothing(
    mwaa: Mwaa, lane: Lane, fault: Fault, end: str
) -> None:
    airflow = mwaa.begin(lane, [fault])
    taken = Run("order-1", {"client": "another"}, airflow.now())
    airflow.runs.append(taken)
    ending = invoke(mwaa, lane, run_id="order-1")
    assert ending.end == ("RunIdConflict" if end in ("created", "found") else end)
    assert airflow.runs == [taken]
