"""The states and attempts in a history, and the time of the next attempt."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from mwaa_dags.history import NextAttempt, Step, find_next_attempt, parse_steps

from tools.paths import PROJECT

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

START = datetime(2026, 1, 1, tzinfo=UTC)
RETRIERS = json.loads((PROJECT / "modules/source/retry.json").read_text())
EVENT = {"mwaa_dag_conf": {"client": "acme"}}
ENTERED = ("TaskStateEntered", {"stateEnteredEventDetails": {"name": "Trigger MWAA DAG"}})
SCHEDULED: tuple[str, dict[str, Any]] = ("TaskScheduled", {})
REDRIVEN: tuple[str, dict[str, Any]] = ("ExecutionRedriven", {})


def failed(error: str) -> tuple[str, dict[str, Any]]:
    return "TaskFailed", {"taskFailedEventDetails": {"error": error, "cause": "no"}}


def step(*events: tuple[str, dict[str, Any]]) -> Step:
    """Return the last state in a history with an event each second."""
    dated = [
        {"type": kind, "timestamp": START + timedelta(seconds=second), **details}
        for second, (kind, details) in enumerate(events)
    ]
    return parse_steps(cast("list[HistoryEventTypeDef]", dated), EVENT)[-1]


def after(seconds: float, *, has_jitter: bool = False) -> NextAttempt:
    return NextAttempt(START + timedelta(seconds=seconds), has_jitter=has_jitter)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        (["EnvironmentNotReady"], after(2 + 60)),
        (["EnvironmentNotReady"] * 3, after(6 + 240)),
        (["EnvironmentNotReady"] * 8, after(16 + 600)),
        (["EnvironmentNotReady"] * 22, None),
        (["EnvironmentNotReady", "MwaaBusy"], after(4 + 5, has_jitter=True)),
        (["DagNotFound"], None),
    ],
    ids=["first", "third", "longest", "used up", "another rule", "certain"],
)
def test_the_next_attempt_follows_from_the_retry_rules(
    attempts: list[str], expected: NextAttempt | None
) -> None:
    events = [event for error in attempts for event in (SCHEDULED, failed(error))]

    assert find_next_attempt(step(ENTERED, *events), RETRIERS) == expected


def test_a_redrive_starts_the_retries_again() -> None:
    events = [event for _ in range(22) for event in (SCHEDULED, failed("EnvironmentNotReady"))]

    last = step(ENTERED, *events, REDRIVEN, ENTERED, SCHEDULED, failed("EnvironmentNotReady"))

    assert find_next_attempt(last, RETRIERS) == after(48 + 60)
    assert len(last.attempts) == 23


def test_a_running_attempt_has_no_end() -> None:
    last = step(ENTERED, SCHEDULED, failed("MwaaBusy"), SCHEDULED)

    assert last.attempts[-1].ended is None
    assert last.failed is None


@pytest.mark.parametrize(
    ("error", "message"),
    [("Preliminary", "… is unknown"), ("DagNotFound", "acme is unknown")],
    ids=["a preliminary task", "the function, which names only ids"],
)
def test_the_message_of_an_attempt_has_no_value_of_the_conf(error: str, message: str) -> None:
    details = {"error": error, "cause": "acme is unknown"}

    last = step(ENTERED, SCHEDULED, ("TaskFailed", {"taskFailedEventDetails": details}))

    assert last.failed
    assert last.failed.reason
    assert last.failed.reason.message == message
