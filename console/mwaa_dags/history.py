"""The states and attempts in the history of an execution."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mwaa_dags.accounts import Account
from mwaa_dags.reasons import Reason, parse_reason

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_STARTED = ("TaskScheduled", "LambdaFunctionScheduled")
_SUCCEEDED = ("TaskSucceeded", "LambdaFunctionSucceeded")
_FAILED = (
    *("TaskFailed", "TaskTimedOut", "TaskStartFailed", "TaskSubmitFailed"),
    *("LambdaFunctionFailed", "LambdaFunctionTimedOut", "LambdaFunctionScheduleFailed"),
    "LambdaFunctionStartFailed",
)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """An attempt of a task. It is running if it has no end."""

    started: datetime
    ended: datetime | None = None
    reason: Reason | None = None
    result: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A state that the execution entered.

    Parameters
    ----------
    retries_from
        The index of the first attempt after the last redrive.
    """

    state: str
    kind: str
    entered: datetime
    exited: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    retries_from: int = 0

    @property
    def failed(self) -> Attempt | None:
        """The last attempt, if it failed."""
        last = self.attempts[-1] if self.attempts else None
        return last if last and last.reason else None


@dataclass(frozen=True)
class NextAttempt:
    """The time of the next attempt. With jitter, it comes at this time or earlier."""

    time: datetime
    has_jitter: bool


def read_events(source: Account, arn: str) -> list[HistoryEventTypeDef]:
    """Return all events of an execution."""
    pages = source.states.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 1000}
    )
    return [event for page in pages for event in page["events"]]


def read_events_after(source: Account, arn: str, event_id: int) -> list[HistoryEventTypeDef]:
    """Return the events of an execution after an event, in the order of time."""
    pages = source.states.get_paginator("get_execution_history")
    found: list[HistoryEventTypeDef] = []
    for page in pages.paginate(executionArn=arn, reverseOrder=True):
        found += [event for event in page["events"] if event["id"] > event_id]
        if not page["events"] or page["events"][-1]["id"] <= event_id + 1:
            break
    return found[::-1]


def parse_steps(
    events: Iterable[HistoryEventTypeDef], execution_input: Mapping[str, Any]
) -> list[Step]:
    """Return the states in the order in which they were entered, without the values of the conf in the input."""
    steps: list[Step] = []
    for event in events:
        kind, time = event["type"], event["timestamp"]
        if kind.endswith("StateEntered"):
            name = event["stateEnteredEventDetails"]["name"]
            # A redrive enters the state that failed once more.
            if steps and steps[-1].state == name and steps[-1].failed and not steps[-1].exited:
                steps[-1] = replace(steps[-1], retries_from=len(steps[-1].attempts))
            else:
                steps.append(Step(state=name, kind=kind.removesuffix("StateEntered"), entered=time))
        elif kind.endswith("StateExited"):
            steps[-1] = replace(steps[-1], exited=time)
        elif kind == "ExecutionRedriven" and steps:
            steps[-1] = replace(steps[-1], retries_from=len(steps[-1].attempts))
        elif kind in _STARTED and steps:
            attempts = (*steps[-1].attempts, Attempt(started=time))
            steps[-1] = replace(steps[-1], attempts=attempts)
        elif kind in (*_SUCCEEDED, *_FAILED) and steps:
            steps[-1] = _end_attempt(steps[-1], event, execution_input)
    return steps


def find_next_attempt(step: Step, retriers: Sequence[Mapping[str, Any]]) -> NextAttempt | None:
    """Return when Step Functions repeats a failed task, or None if it does not.

    AWS: "Handling errors in Step Functions workflows".
    """
    if not step.failed:
        return None
    errors = [
        attempt.reason.error for attempt in step.attempts[step.retries_from :] if attempt.reason
    ]
    retrier = _find_retrier(errors[-1], retriers)
    if retrier is None:
        return None
    used = sum(_find_retrier(error, retriers) is retrier for error in errors)
    if used > retrier["MaxAttempts"]:
        return None
    delay = min(
        retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (used - 1),
        retrier["MaxDelaySeconds"],
    )
    ended = step.failed.ended or step.failed.started
    return NextAttempt(ended + timedelta(seconds=delay), has_jitter="JitterStrategy" in retrier)


def find_results(steps: Iterable[Step], state: str) -> Iterator[Mapping[str, Any]]:
    """Yield what the function returned in a state."""
    for step in steps:
        for attempt in step.attempts:
            if step.state == state and attempt.result:
                yield attempt.result


def _find_retrier(error: str, retriers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((retrier for retrier in retriers if error in retrier["ErrorEquals"]), None)


def _end_attempt(
    step: Step, event: HistoryEventTypeDef, execution_input: Mapping[str, Any]
) -> Step:
    details: Mapping[str, Any] = next(
        (value for key, value in event.items() if key.endswith("EventDetails")),  # type: ignore[misc]
        {},
    )
    succeeded = event["type"] in _SUCCEEDED
    last = step.attempts[-1] if step.attempts else Attempt(started=event["timestamp"])
    reason = parse_reason(details.get("error"), details.get("cause"), execution_input)
    ended = Attempt(
        started=last.started,
        ended=event["timestamp"],
        reason=None if succeeded else reason,
        result=_load_payload(details.get("output")) if succeeded else {},
    )
    return replace(step, attempts=(*step.attempts[:-1], ended))


def _load_payload(output: str | None) -> Mapping[str, Any]:
    try:
        result = json.loads(output or "{}")
    except ValueError:
        return {}
    payload = result.get("Payload", result) if isinstance(result, dict) else {}
    return payload if isinstance(payload, dict) else {}
