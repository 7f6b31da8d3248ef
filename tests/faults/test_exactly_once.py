"""Whatever fails, an execution that succeeds has made one DAG run, and none has made two."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mwaa_dags_trigger import errors
from mwaa_dags_trigger.request import parse
from mwaa_dags_trigger.transport import Transport

from tests.faults.conftest import LANES, Ending, Lane, Mwaa, event_for
from tests.support.adapters import ADAPTERS
from tests.support.faults import Fault, Kind, Ran, faults
from tests.support.mwaa import Step
from tests.terraform.planner import Plan

TRIGGERS = int(os.environ.get("FAULTS_TRIGGERS", "500"))
SOAK = TRIGGERS > 500

PERMANENT = {
    name
    for name, error in vars(errors).items()
    if isinstance(error, type) and issubclass(error, errors.TriggerError) and not error.transient
} - {"TriggerError"}
TRANSIENT = {"EnvironmentNotReady", "MwaaUnavailable", "OutcomeUnknown", "Sandbox.Timedout"}

TRUSTED = {Kind.UNAUTHORIZED, Kind.FORBIDDEN}
"""Taken at their word: who refuses a caller has not done the caller's work."""


@dataclass(frozen=True)
class Example:
    """Executions one after the other under one script.

    `cold` is a container of its own for each invocation, `again` a second delivery of each
    execution, `long_id` a run id of the caller's that is too long for a path of InvokeRestApi.
    """

    lane: Lane
    script: tuple[Fault, ...]
    executions: int
    cold: bool
    again: bool
    long_id: bool


@dataclass
class Tally:
    """What happened, for the end of the run."""

    triggers: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    duplicated: int = 0
    falsely_reported: int = 0

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


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in counts.most_common())


@pytest.fixture(scope="session")
def state(sandbox_plan: Plan) -> Mapping[str, Any]:
    """The state that triggers."""
    state: Mapping[str, Any] = sandbox_plan.definition()["States"]["Trigger MWAA DAG"]
    assert not any("States.ALL" in retrier["ErrorEquals"] for retrier in state["Retry"])
    return state


def scripts(lane: Lane) -> st.SearchStrategy[tuple[Fault, ...]]:
    """Return up to 12 faults, the last of which may stay."""
    possible = [
        fault
        for fault in faults(ADAPTERS[lane.transport].kinds)
        if fault.kind not in TRUSTED or fault.ran is Ran.NO
    ]

    def stay(script: list[Fault], times: int) -> tuple[Fault, ...]:
        stays = script and script[-1].kind is not Kind.HANG
        return (*script, *script[-1:] * (times if stays else 0))

    one = st.sampled_from(possible) | st.just(Fault(Kind.NONE))
    return st.builds(stay, st.lists(one, max_size=12), st.sampled_from([0] * 9 + [200]))


EXAMPLES = st.sampled_from(LANES).flatmap(
    lambda lane: st.builds(
        Example,
        lane=st.just(lane),
        script=scripts(lane),
        executions=st.integers(1, 2),
        cold=st.booleans(),
        again=st.booleans(),
        long_id=st.booleans(),
    )
)


def execute(
    mwaa: Mwaa,
    event: Mapping[str, Any],
    state: Mapping[str, Any],
    new_container: Callable[[], Transport],
    *,
    cold: bool,
) -> list[Ending]:
    """Invoke the function as the state machine does; give how each invocation ended."""
    counts_retries = "retry_count.$" in state["Parameters"]["Payload"]
    container = new_container()
    endings: list[Ending] = []
    attempts: Counter[int] = Counter()
    while True:
        if cold:
            container = new_container()
        retries = {"retry_count": len(endings)} if counts_retries else {}
        endings.append(mwaa.invoke(container, {**event, **retries}))
        number = next(
            (
                n
                for n, rule in enumerate(state["Retry"])
                if endings[-1].error in rule["ErrorEquals"]
            ),
            None,
        )
        if number is None or attempts[number] == state["Retry"][number]["MaxAttempts"]:
            return endings
        rule = state["Retry"][number]
        longest = rule["IntervalSeconds"] * rule["BackoffRate"] ** attempts[number]
        mwaa.clock.sleep(min(longest, rule["MaxDelaySeconds"]) / 2)
        attempts[number] += 1


def check(mwaa: Mwaa, example: Example, state: Mapping[str, Any], tally: Tally) -> None:
    """Run an example; AssertionError where it breaks what this file is about."""
    lane = example.lane
    airflow = mwaa.begin(lane, example.script)
    container = partial(mwaa.container, lane)
    ended: list[str] = []
    ids: set[str] = set()
    outcome = Tally()
    for number in range(example.executions):
        own = {"run_id": f"order-{number}-{'x' * 50}"} if example.long_id else {}
        event = event_for(lane, f"client-{number}", **own)
        run_id = parse(event).dag_run_id
        ids.add(run_id)
        for delivery in range(1 + example.again):
            ending = execute(mwaa, event, state, container, cold=example.cold)[-1]
            mwaa.front.settle()
            made = len(airflow.named(run_id))
            outcome.lost += ending.result is not None and made != 1
            outcome.falsely_reported += delivery == 0 and is_false(ending, run_id, made)
            ended.append(str(ending))
    outcome.duplicated = len(airflow.runs) - len(ids & {run.run_id for run in airflow.runs})
    tally.lost += outcome.lost
    tally.duplicated += outcome.duplicated
    tally.falsely_reported += outcome.falsely_reported
    assert outcome == Tally(), (example, outcome, ended, airflow.runs)
    tally.triggers += len(ended)
    tally.endings.update(ended)


def is_false(ending: Ending, run_id: str, made: int) -> bool:
    """Whether it says what is not so."""
    if ending.result is not None:
        return bool(ending.result["dag_run_id"] != run_id)
    if ending.error == "RunIdConflict":
        return True  # no other conf was given here
    assert ending.error in PERMANENT | TRANSIENT
    return ending.error in PERMANENT and made > 0


@pytest.mark.parametrize("lane", LANES, ids=str)
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
    """Who reads AccessDenied may mend the role and redrive, and have a second run."""
    calls = ADAPTERS[lane.transport](lane.version).look_in_vain if ran is Ran.LATE else []
    looks = [Fault(Kind.NONE) for _ in calls]
    script = (Fault(Kind.GATEWAY_TIMEOUT, ran), *looks, *[Fault(Kind.FORBIDDEN)] * 200)
    check(mwaa, Example(lane, script, 1, cold=False, again=False, long_id=False), state, Tally())


def test_an_execution_that_succeeds_has_made_one_run_and_none_has_made_two(
    mwaa: Mwaa, state: Mapping[str, Any], record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    injected = Counter(mwaa.front.played)

    @settings(
        max_examples=TRIGGERS * 2 // 3,  # with about two triggers each
        derandomize=not SOAK,  # a soak tries others each time, and prints what breaks
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(EXAMPLES)
    def holds(example: Example) -> None:
        check(mwaa, example, state, tally)

    holds()
    assert tally.triggers >= TRIGGERS
    record_property("faults", tally.report(mwaa.front.played - injected))
