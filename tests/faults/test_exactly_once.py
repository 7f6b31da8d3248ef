"""With all faults, each execution that succeeds has created exactly one DAG run, and no execution creates two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st
from mwaa_dags_trigger import errors
from mwaa_dags_trigger.actions.trigger import MAY_EXIST, NOTHING_CREATED

from tests.faults.conftest import LANES, Ending, Lane, Mwaa, each_lane, event_for, run_id_of
from tests.faults.scripts import TRANSIENT, TRIGGERS, listed, scripts, try_each
from tests.faults.state_machine import execute
from tests.support.fake_mwaa.faults import Fault, Kind, Ran
from tests.support.fake_mwaa.server import Step

PERMANENT = {
    name
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, errors.TriggerError) and not error.transient
} - {"TriggerError"}


@dataclass(frozen=True)
class Example:
    """Executions one after the other under one script.

    `cold` is a new container for each invocation, `again` is a second delivery of each
    execution, `long_id` a run id of the caller's that is too long for a path of InvokeRestApi,
    `states` the names of the states that trigger in each execution, `redrives` how often a failed one
    is redriven.
    """

    lane: Lane
    script: tuple[Fault, ...]
    executions: int = 1
    cold: bool = False
    again: bool = False
    long_id: bool = False
    states: tuple[str, ...] = ("Trigger MWAA DAG",)
    redrives: int = 0


@dataclass
class Tally:
    """What happened, for the end of the run."""

    triggers: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicated: int = 0
    falsely_reported: int = 0

    def add(self, other: Tally) -> None:
        """Count what another has counted."""
        self.triggers += other.triggers
        self.endings.update(other.endings)
        self.lost += other.lost
        self.duplicated += other.duplicated
        self.falsely_reported += other.falsely_reported

    def report(self, injected: Counter[Step]) -> str:
        """Return what is printed at the end of the run."""
        kinds: Counter[str] = Counter()
        for fault, times in injected.items():
            if isinstance(fault, Fault) and fault.kind is not Kind.NONE:
                kinds[fault.kind] += times
        wrong = f"lost {self.lost}, duplicated {self.duplicated}, falsely reported"
        return "\n".join(
            [
                f"triggers: {self.triggers} ({listed(self.endings)})",
                f"faults: {kinds.total()} ({listed(kinds)})",
                f"{wrong} {self.falsely_reported}",
            ]
        )


EXAMPLES = st.sampled_from(LANES).flatmap(
    lambda lane: st.builds(
        Example,
        lane=st.just(lane),
        script=scripts(lane),
        executions=st.integers(1, 2),
        cold=st.booleans(),
        again=st.booleans(),
        long_id=st.booleans(),
        states=st.sampled_from([("Trigger MWAA DAG",), ("First", "Second")]),
        redrives=st.integers(0, 2),
    )
)


def check(mwaa: Mwaa, example: Example, state: Mapping[str, Any], tally: Tally) -> None:
    """Run an example; AssertionError where it breaks what this file is about."""
    airflow = mwaa.begin(example.lane, example.script)
    outcome, asked = Tally(), list[str]()
    for number, name in product(range(example.executions), example.states):
        own = {"run_id": f"order-{number}-{name[:5]}-{'x' * 50}"} if example.long_id else {}
        event = event_for(example.lane, f"client-{number}", state_name=name, **own)
        asked.append(run_id_of(event))
        for delivery in range(1 + example.again):
            deliver(mwaa, example, event, state, outcome, alone=delivery == 0)
    outcome.lost += len(asked) - len(set(asked))  # two of them would get one run
    distinct = {run.run_id for run in airflow.runs}
    outcome.duplicated = len(airflow.runs) - len(distinct)
    outcome.duplicated += max(len(distinct) - example.executions * len(example.states), 0)
    wrong = (outcome.lost, outcome.duplicated, outcome.falsely_reported)
    tally.add(outcome)
    assert wrong == (0, 0, 0), (example, outcome, airflow.runs)


def deliver(
    mwaa: Mwaa,
    example: Example,
    event: Mapping[str, Any],
    state: Mapping[str, Any],
    outcome: Tally,
    *,
    alone: bool,
) -> None:
    """Run an execution, and redrive it while it fails; `alone` means that it has not run before."""
    airflow, run_id = mwaa.airflows[example.lane.version], run_id_of(event)
    container = partial(mwaa.container, example.lane)

    def made() -> int:
        return len(airflow.named(run_id)) + len(mwaa.front.late)

    for redrive_count in range(1 + example.redrives):
        asked = {**event, "redrive_count": redrive_count}
        before = made()
        for ending in execute(mwaa, asked, state, container, cold=example.cold):
            outcome.falsely_reported += NOTHING_CREATED in ending.message and made() > before
            before = made()
        mwaa.front.run_late_calls()
        outcome.triggers += 1
        outcome.endings[str(ending)] += 1
        outcome.lost += ending.result is not None and made() != 1
        outcome.falsely_reported += alone and is_false(ending, run_id, made())
        if ending.result:
            return


def is_false(ending: Ending, run_id: str, made: int) -> bool:
    """Whether it says what is not so."""
    if ending.result is not None:
        return bool(ending.result["dag_run_id"] != run_id)
    if ending.error == "RunIdConflict":
        return True  # no other conf was given here
    assert ending.error in PERMANENT | TRANSIENT
    return ending.error in PERMANENT and made > 0 and MAY_EXIST not in ending.message


@each_lane
@pytest.mark.parametrize(
    "ran",
    [
        pytest.param(Ran.YES, id="an earlier invocation's"),
        pytest.param(Ran.LATE, id="a late one's"),
    ],
)
def test_a_refusal_does_not_hide_a_run(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane, ran: Ran
) -> None:
    """AccessDenied keeps its name, and says that the DAG run may exist."""
    script = (Fault(Kind.GATEWAY_TIMEOUT, ran), *[Fault(Kind.FORBIDDEN)] * 200)
    check(mwaa, Example(lane, script), state, Tally())


@each_lane
@pytest.mark.parametrize("ran", [Ran.YES, Ran.LATE], ids=str)
def test_a_redrive_finds_the_run_whose_response_was_lost(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane, ran: Ran
) -> None:
    """Its retries are used up by a function that crashes."""
    tries = 1 + max(retrier["MaxAttempts"] for retrier in state["Retry"][2:])
    tally = Tally()
    check(mwaa, Example(lane, (Fault(Kind.CRASH, ran),) * tries, redrives=1), state, tally)
    assert tally.endings == {"Runtime.ExitError": 1, "success": 1}
    assert len(mwaa.airflows[lane.version].runs) == 1


@each_lane
def test_the_run_of_a_dag_that_went_stale_is_found(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane
) -> None:
    tally = Tally()
    script = (Fault(Kind.CRASH, Ran.YES), Fault(Kind.STALE))
    check(mwaa, Example(lane, script), state, tally)
    assert tally.endings == {"success": 1}


@each_lane
def test_two_states_of_an_execution_make_two_runs(
    mwaa: Mwaa, state: Mapping[str, Any], lane: Lane
) -> None:
    check(mwaa, Example(lane, (), states=("First", "Second")), state, Tally())
    assert len(mwaa.airflows[lane.version].runs) == 2


def test_an_execution_that_succeeds_has_made_one_run_and_none_has_made_two(
    mwaa: Mwaa, state: Mapping[str, Any], record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    injected = Counter(mwaa.front.played)

    times = TRIGGERS * 2 // 5  # with about three triggers each
    try_each(EXAMPLES, lambda example: check(mwaa, example, state, tally), times=times)
    assert tally.triggers >= TRIGGERS
    record_property("faults", tally.report(mwaa.front.played - injected))
