"""With all faults, an execution that waits ends like its DAG run, and never creates a second DAG run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.faults.conftest import LANES, Ending, Lane, Mwaa, each_lane, event_for
from tests.faults.rules import RulesAirflow
from tests.faults.scripts import TRANSIENT, TRIGGERS, listed, scripts, try_each
from tests.faults.state_machine import execute
from tests.support.fake_mwaa.faults import Fault, Kind
from tests.support.polling import MIN_INTERVALS, poll_interval

TIMEOUT = 300
GOES_ON = ("queued", "running")
TRUE = {
    "success": ("success",),
    "DagRunFailed": ("failed",),
    "DagRunNotFound": ("deleted",),
    "DagRunTimedOut": GOES_ON,
    "waits": GOES_ON,
}
"""The state of the run by the result of a poll."""
SAYS_NOTHING = TRANSIENT | {"AccessDenied"}
"""The errors that say nothing of the run."""


@dataclass(frozen=True)
class Example:
    """An execution that waits for its DAG run under a script.

    `lives` is the state of the run at each poll, from its trigger and then from each redrive;
    the last of each stays. Somebody may have cleared or deleted it at any time.
    """

    lane: Lane
    script: tuple[Fault, ...]
    lives: tuple[tuple[str, ...], ...]
    cold: bool = False


ENDS = ("success", "failed", "failed", "deleted", "running")
LIFE = st.builds(
    lambda before, end: (*before, end),
    st.lists(st.sampled_from(GOES_ON), max_size=3),
    st.sampled_from(ENDS),
)
EXAMPLES = st.sampled_from(LANES).flatmap(
    lambda lane: st.builds(
        Example,
        lane=st.just(lane),
        script=scripts(lane),
        lives=st.lists(LIFE, min_size=1, max_size=3).map(tuple),
        cold=st.booleans(),
    )
)


def check(mwaa: Mwaa, example: Example, state: Mapping[str, Any], said: Counter[str]) -> None:
    """Run an example. Raise AssertionError if a poll reports a wrong state, or a second run exists."""
    airflow = mwaa.begin(example.lane, ())
    event = event_for(example.lane)
    triggered = mwaa.invoke(mwaa.container(example.lane), event)
    assert triggered.result is not None
    begun = airflow.now()
    mwaa.front.begin(*example.script)
    min_interval = MIN_INTERVALS[example.lane.transport]
    mwaa.clock.sleep(min_interval)
    fields = ("mwaa_env_name", "mwaa_dag_name", "execution_arn")
    look = {
        **{name: event[name] for name in fields},
        "action": "check",
        "dag_run_id": triggered.result["dag_run_id"],
        "triggered_at": begun.isoformat(),
        "timeout_seconds": TIMEOUT,
    }
    for number, life in enumerate(example.lives):
        if number:
            begun = airflow.now()
            look["redriven_at"] = begun.isoformat()
        for shown in chain(life, repeat(life[-1])):
            actual = live(airflow, shown)
            waited = (airflow.now() - begun).total_seconds()
            asked = {**look, "checked_at": airflow.now().isoformat()}
            container = partial(mwaa.container, example.lane)
            *_, ending = execute(mwaa, asked, state, container, cold=example.cold)
            mwaa.front.run_late_calls()
            says = said_by(ending)
            said[says] += 1
            assert says in SAYS_NOTHING or actual in TRUE[says], (example, ending, actual)
            assert (waited > TIMEOUT) or says != "DagRunTimedOut", (example, ending, waited)
            assert (waited <= TIMEOUT) or says != "waits", (example, ending, waited)
            assert len(airflow.runs) == (actual != "deleted"), (example, airflow.runs)
            if says != "waits":
                break
            mwaa.clock.sleep(poll_interval(waited, min_interval))
        if says == "success":
            return


def live(airflow: RulesAirflow, state: str) -> str:
    """Set the state of the run, and return its state. A deleted run stays deleted."""
    if state == "deleted":
        airflow.runs.clear()
    else:
        airflow.state = state
    return state if airflow.runs else "deleted"


def said_by(ending: Ending) -> str:
    if ending.result is None:
        return ending.error
    return str(ending.result["state"]) if ending.result["final"] else "waits"


@each_lane
def test_a_failed_run_that_is_cleared_and_redriven_ends_well(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane
) -> None:
    said = Counter[str]()
    lives = (("running", "failed"), ("queued", "running", "success"))
    check(mwaa, Example(lane, (), lives), state, said)
    assert said == {"waits": 3, "DagRunFailed": 1, "success": 1}


@each_lane
def test_a_run_that_is_waited_for_too_long_is_waited_for_as_long_again(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane
) -> None:
    said = Counter[str]()
    check(mwaa, Example(lane, (), (("running",), ("running", "running", "success"))), state, said)
    assert (said["DagRunTimedOut"], said["success"]) == (1, 1)


@each_lane
@pytest.mark.parametrize("kind", [Kind.SERVICE_UNAVAILABLE, Kind.GATEWAY_TIMEOUT], ids=str)
def test_a_web_server_out_of_reach_is_no_end_of_the_run(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane, kind: Kind
) -> None:
    said = Counter[str]()
    check(mwaa, Example(lane, (Fault(kind),) * 10, (("running", "success"),)), state, said)
    assert said == {"waits": 1, "success": 1}


def test_an_execution_that_waits_ends_as_its_run_did(
    mwaa: Mwaa, state: Mapping[str, Any], record_property: Callable[[str, object], None]
) -> None:
    said = Counter[str]()
    try_each(EXAMPLES, lambda example: check(mwaa, example, state, said), times=TRIGGERS // 10)
    assert set(TRUE) <= set(said)
    record_property("faults", f"polls: {said.total()} ({listed(said)})")
