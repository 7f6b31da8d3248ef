"""How one invocation of the function ends under each fault, on each version and over each way."""

from __future__ import annotations

from itertools import repeat

import pytest
from mwaa_dags_trigger.request import parse

from sandbox.mwaa.faults import CLI, REST, Fault, Kind, Ran, faults
from tests.faults.conftest import CONF, CONF_MARK, LANES, Ending, Lane, Mwaa, event_for
from tests.faults.rules import Run

HANGS = 0.2
"""Real seconds after which the client gives up where the front hangs."""

READ_ALL_THE_SAME = {
    *{Kind.LOG_LINES, Kind.PRINTED_LISTS, Kind.EMPTY_LIST, Kind.UNTERMINATED, Kind.COLOUR},
    *{Kind.OTHER_RUN, Kind.WARNINGS},
}
"""What the command line may print besides, and the answer be read."""
REFUSALS = {Kind.UNAUTHORIZED, Kind.FORBIDDEN}
BUSY = {Kind.TOO_MANY_REQUESTS, Kind.SERVICE_UNAVAILABLE, Kind.THROTTLED, Kind.API_DOWN}

EACH = [
    pytest.param(lane, fault, id=f"{lane}-{fault}")
    for lane in LANES
    if lane.version != "2.5.1"
    for fault in faults(CLI if lane.transport == "cli" else REST)
]


def created_once(lane: Lane, fault: Fault) -> str:
    """Say how an invocation with this one fault ends: `created`, `found`, or the error's name."""
    if fault.kind is Kind.NOT_READY:
        return "EnvironmentNotReady"
    if fault.kind in REFUSALS and lane.transport == "rest":
        return "AccessDenied"
    if fault.ran is Ran.NO:
        return "created"
    if fault.kind in REFUSALS and fault.ran is Ran.LATE:
        return "created"  # by the second try, which comes at once
    if fault.ran is Ran.YES and fault.kind in READ_ALL_THE_SAME and lane.transport == "cli":
        return "created"
    return "found"


def named(ending: Ending) -> str:
    if ending.result is None:
        return ending.error
    return "created" if ending.result["created"] else "found"


def invoke(mwaa: Mwaa, lane: Lane, fault: Fault, **fields: object) -> Ending:
    """Invoke once, and let come what is late."""
    container = mwaa.container(lane, patience=HANGS) if fault.kind is Kind.HANG else None
    ending = mwaa.invoke(container or mwaa.container(lane), event_for(lane, **fields))
    mwaa.front.settle()
    return ending


@pytest.mark.parametrize(("lane", "fault"), EACH)
def test_after_one_fault_the_run_is_there_once(mwaa: Mwaa, lane: Lane, fault: Fault) -> None:
    airflow = mwaa.begin(lane, [fault])
    before = mwaa.front.injected[fault]
    ending = invoke(mwaa, lane, fault)
    assert mwaa.front.injected[fault] == before + 1
    assert named(ending) == created_once(lane, fault)
    run_id = parse(event_for(lane)).dag_run_id
    if ending.result is not None:
        assert ending.result["dag_run_id"] == run_id
        assert [run.run_id for run in airflow.runs] == [run_id]
        assert airflow.runs[0].conf == CONF


def ends_with(lane: Lane, fault: Fault) -> str:
    """Say how an invocation ends whose every request meets this fault."""
    cli = lane.transport == "cli"
    if fault.kind is Kind.NOT_READY:
        return "EnvironmentNotReady"
    if fault.kind in REFUSALS:
        return "AccessDenied"
    if fault.kind in {Kind.THROTTLED, Kind.API_DOWN, Kind.REFUSE}:
        return "MwaaUnavailable"
    if cli and fault.ran is Ran.YES and fault.kind in READ_ALL_THE_SAME:
        return "created"
    return "OutcomeUnknown"


@pytest.mark.parametrize(("lane", "fault"), EACH)
def test_a_fault_that_stays_ends_in_a_named_error(mwaa: Mwaa, lane: Lane, fault: Fault) -> None:
    airflow = mwaa.begin(lane, repeat(fault, 40))
    ending = invoke(mwaa, lane, fault)
    assert named(ending) == ends_with(lane, fault)
    assert len(airflow.runs) <= 1
    if ending.result is None:
        event = event_for(lane)
        assert event["execution_arn"] in ending.message
        assert parse(event).dag_run_id in ending.message
        assert CONF_MARK not in ending.message
        assert not [token for token in mwaa.front.tokens if token in ending.message]


@pytest.mark.parametrize(("lane", "fault"), EACH)
def test_a_run_id_with_another_conf_makes_nothing(mwaa: Mwaa, lane: Lane, fault: Fault) -> None:
    airflow = mwaa.begin(lane, [fault])
    taken = Run("order-1", {"client": "another"}, airflow._now())
    airflow.runs.append(taken)
    ending = invoke(mwaa, lane, fault, run_id="order-1")
    assert airflow.runs == [taken]
    if ending.result is None:
        assert ending.error in {"RunIdConflict", "AccessDenied", "EnvironmentNotReady"}
    else:
        # The command line of Airflow 2 does not show a run's conf.
        assert (lane.transport, lane.version[0]) == ("cli", "2")
        assert (ending.result["created"], ending.result["conf_compared"]) == (False, False)
