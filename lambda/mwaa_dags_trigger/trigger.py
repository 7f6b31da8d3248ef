"""Exactly one DAG run for one request, whatever transport reaches Airflow."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagNotFound, OutcomeUnknown, RunIdConflict, TriggerError
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transport import (
    DagRun,
    Lost,
    Refused,
    Transport,
    Unsettled,
    name_status,
    sent,
)

logger = logging.getLogger(__name__)

NOTHING_MADE = "This try made no DAG run. Trying again is safe."
NOT_KNOWN = (
    "Whether the DAG run was made is not known. Trying again and redriving the execution are safe: "
    "the run id stays the same, and Airflow takes one once."
)


def trigger_once(trigger: Trigger, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Have exactly one DAG run made for the request.

    The run id decides: Airflow takes one once. So sending again never makes a second run, and is
    what settles a lost answer; only where Airflow refuses, or no other try is left, a look does.

    Parameters
    ----------
    trigger
        What is wanted.
    transport
        How Airflow is reached.
    deadline
        The end of the invocation: there are at most 4 tries, and only in the time that is left.

    Returns
    -------
    dict
        `mwaa_env_name`, `mwaa_dag_name`, `dag_run_id`, `state`, `created` (false where an earlier
        try had made the run; its conf is then that of the request), `airflow_version`, `transport`.

    Raises
    ------
    RunIdConflict
        If there is a run with this run id and another conf.
    TriggerError
        Another subclass, which says whether trying again may help.
    """
    doubt = "An earlier try may have made the DAG run." if trigger.asked_before else None
    for attempt in deadline.tries(keep=transport.trigger_seconds):
        looked = False
        try:
            run = transport.trigger(trigger, deadline)
            return _result(trigger.run, transport, run, created=True)
        except Lost as lost:
            error = lost.error
            doubt = doubt or error.problem
        except Refused as refused:
            looked = True
            found = _look(trigger.run, transport, deadline, refused.error)
            if isinstance(found, DagRun):
                return _found(trigger, transport, found)
            error = found
            if error is not refused.error:  # the look failed
                doubt = doubt or refused.error.problem
        except TriggerError as certain:
            error = certain
        logger.warning("Try %d: %s", attempt, error.problem)
        if isinstance(error, OutcomeUnknown):
            doubt = doubt or error.problem
        if not error.transient:
            break
    # What will be tried again needs no look, which would be one more command for a busy server.
    if doubt and not looked and (isinstance(error, OutcomeUnknown) or not error.transient):
        found = _look(trigger.run, transport, deadline, error)
        if isinstance(found, DagRun):
            return _found(trigger, transport, found)
        error = found
    raise name_status(_stated(error, doubt), transport, trigger.run, deadline) from None


def same_conf(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Compare as JSON does: numbers by value (a database may turn 1.0 into 1), true unlike 1."""
    return _canonical(one) == _canonical(other)


def _look(
    run: RunKey, transport: Transport, deadline: Deadline, error: TriggerError
) -> DagRun | TriggerError:
    """Look for the run; return it, or the error that stands without it."""
    try:
        with sent(run.mwaa_env_name):
            return transport.find(run, deadline) or error
    except DagNotFound as unknown:
        return unknown
    except (TriggerError, Unsettled) as failed:
        reason = failed.error if isinstance(failed, Unsettled) else failed
        problem = f"{error.problem} Looking for the DAG run failed: {reason.problem}"
        return (type(reason) if reason.transient else OutcomeUnknown)(problem)


def _stated(error: TriggerError, doubt: str | None) -> TriggerError:
    """Return the error with what is known of the run: an unsettled doubt leaves nothing certain."""
    if isinstance(error, DagNotFound):
        return error
    if doubt is None:
        return type(error)(f"{error.problem} {NOTHING_MADE}") if error.transient else error
    problem = error.problem if doubt in error.problem else f"{doubt} The last try: {error.problem}"
    return (type(error) if error.transient else OutcomeUnknown)(f"{problem} {NOT_KNOWN}")


def _found(trigger: Trigger, transport: Transport, run: DagRun) -> dict[str, Any]:
    if not same_conf(run.conf, trigger.conf):
        raise RunIdConflict(
            f"DAG {trigger.run.mwaa_dag_name} in MWAA environment {trigger.run.mwaa_env_name} has a "
            f"run {trigger.run.dag_run_id} already, with another conf. This request made none. Give "
            "each request a run_id or an idempotency_key of its own."
        )
    return _result(trigger.run, transport, run, created=False)


def _result(run: RunKey, transport: Transport, shown: DagRun, *, created: bool) -> dict[str, Any]:
    return {
        "mwaa_env_name": run.mwaa_env_name,
        "mwaa_dag_name": run.mwaa_dag_name,
        "dag_run_id": run.dag_run_id,
        "state": shown.state,
        "created": created,
        "airflow_version": shown.airflow_version,
        "transport": transport.name,
    }


def _canonical(conf: Mapping[str, Any]) -> object:
    parsed: object = json.loads(json.dumps(conf), parse_int=_number, parse_float=_number)
    return parsed


def _number(text: str) -> tuple[str, Decimal]:
    # Tagged, because Python holds 1 and True for equal.
    return "number", Decimal(text)
