"""Create exactly one DAG run for each request, over any transport."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mwaa_dags_trigger.actions.result import Result
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import Outcome, OutcomeUnknown, RunIdConflict, TriggerError
from mwaa_dags_trigger.mwaa.environments import add_environment_status
from mwaa_dags_trigger.request import Trigger
from mwaa_dags_trigger.transports.base import Transport
from mwaa_dags_trigger.transports.failures import timeout_too_short, unexpected_errors_as_lost

logger = logging.getLogger(__name__)

NOTHING_CREATED = "This attempt created no DAG run. Retrying is safe."
MAY_EXIST = (
    "An attempt may have created the DAG run unnoticed. Correct the cause, then redrive the execution: "
    "it finds that DAG run and creates no second one."
)
UNRESOLVED = (
    "It is not known whether the DAG run exists. Retries and redrives are safe: the run id stays the "
    "same, and Airflow accepts each run id only once."
)


@dataclass(frozen=True, kw_only=True)
class TriggerResult(Result):
    """The DAG run of the request.

    Parameters
    ----------
    created
        False if an earlier attempt created the run. Its conf is then the conf of the request.
    """

    created: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {**super().to_dict(), "created": self.created}


@dataclass(frozen=True, kw_only=True)
class Failed:
    """An attempt after which the DAG run is not known to exist.

    Parameters
    ----------
    error
        The error to return if nothing else resolves it.
    may_exist
        Whether the attempt may have created the DAG run.
    looked_up
        Whether the attempt ended with a lookup.
    """

    error: TriggerError
    may_exist: bool
    looked_up: bool = False


def trigger_once(trigger: Trigger, transport: Transport, deadline: Deadline) -> TriggerResult:
    """Create exactly one DAG run for the request.

    Airflow accepts each run id only once. Sending the request again is therefore safe, and resolves
    a lost response. A lookup takes place only after a refusal, or if no attempt is left.

    Parameters
    ----------
    trigger
        The request.
    transport
        The connection to Airflow.
    deadline
        The end of the invocation. It limits the number of attempts.

    Raises
    ------
    RunIdConflict
        If the DAG has a run with this run id and another conf.
    TriggerError
        Another subclass. It says whether a retry may help.
    """
    may_exist, name = trigger.is_retry, trigger.key.mwaa_env_name
    if deadline.time_left() < transport.trigger_seconds:
        error: TriggerError = timeout_too_short(name, deadline, transport.trigger_seconds)
        raise _with_certainty(error, may_exist=may_exist)
    last: Failed
    for number in deadline.attempts(reserve_seconds=transport.trigger_seconds):
        attempt = _attempt(trigger, transport, deadline)
        if isinstance(attempt, TriggerResult):
            return attempt
        last = attempt
        logger.warning("Attempt %d: %s", number, last.error.problem)
        may_exist = may_exist or last.may_exist
        if not last.error.transient:
            break
    # The state machine retries other errors. A lookup would be one more command for a busy server.
    is_final = isinstance(last.error, OutcomeUnknown) or not last.error.transient
    if may_exist and is_final and not last.looked_up:
        attempt = _look_up(trigger, transport, deadline, last.error)
        if isinstance(attempt, TriggerResult):
            return attempt
        last = attempt
    error = add_environment_status(last.error, transport.environments, name, deadline)
    raise _with_certainty(error, may_exist=may_exist)


def is_same_conf(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Compare as JSON. Numbers are compared by value: a database may turn 1.0 into 1."""
    return _canonical(one) == _canonical(other)


def _attempt(trigger: Trigger, transport: Transport, deadline: Deadline) -> TriggerResult | Failed:
    """Send the request once. If Airflow refuses it, look up the DAG run."""
    try:
        run = transport.trigger(trigger, deadline)
        return TriggerResult(key=trigger.key, run=run, transport=transport.name, created=True)
    except TriggerError as failure:
        error = failure
    match error.outcome:
        case Outcome.NOT_CREATED:
            return Failed(error=error, may_exist=False)
        case Outcome.LOST:
            return Failed(error=error, may_exist=True)
        case Outcome.REFUSED:
            return _look_up(trigger, transport, deadline, error)


def _look_up(
    trigger: Trigger, transport: Transport, deadline: Deadline, error: TriggerError
) -> TriggerResult | Failed:
    """Look up the DAG run after an error, which remains if the run does not exist."""
    key = trigger.key
    try:
        with unexpected_errors_as_lost(key.mwaa_env_name):
            run = transport.find(key, deadline)
    except TriggerError as failure:
        problem = error.problem
        if failure.problem != problem:
            problem = f"{problem} The lookup of the DAG run failed: {failure.problem}"
        kind = type(failure) if failure.transient else type(error)
        return Failed(error=kind(problem), may_exist=True, looked_up=True)
    if run is None:
        # On Airflow 2, a run can also be refused because of another run with the same date.
        may_exist = isinstance(error, OutcomeUnknown)
        return Failed(error=error, may_exist=may_exist, looked_up=True)
    if not is_same_conf(run.conf, trigger.conf):
        raise RunIdConflict(
            f"{key} already exists with another conf. This request created no DAG run. Use a "
            "different run_id or idempotency_key for each request, or omit both."
        )
    return TriggerResult(key=key, run=run, transport=transport.name, created=False)


def _with_certainty(error: TriggerError, *, may_exist: bool) -> TriggerError:
    """Return the error and what is known about the DAG run."""
    if error.transient:
        certainty = UNRESOLVED if may_exist else NOTHING_CREATED
    elif may_exist:
        certainty = MAY_EXIST
    else:
        return error
    return type(error)(f"{error.problem} {certainty}")


def _canonical(conf: Mapping[str, Any]) -> object:
    parsed: object = json.loads(json.dumps(conf), parse_int=_number, parse_float=_number)
    return parsed


def _number(text: str) -> tuple[str, Decimal]:
    # Tagged, because in Python 1 equals True.
    return "number", Decimal(text)
