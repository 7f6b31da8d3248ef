"""Exactly one DAG run for one request, whatever way it reaches Airflow."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mwaa_dags_trigger.deadline import LEAST_S, LOOK_S, Deadline
from mwaa_dags_trigger.errors import (
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
    TriggerError,
)
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import DagRun, Transport, Unclear, look

logger = logging.getLogger(__name__)

TRIES = 4
ADVICE = (
    "Whether it was made is not known. A retry with the same run id is safe; before a redrive, "
    "which has another, look for the run in Airflow."
)


def trigger_once(request: Request, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Have exactly one DAG run made for the request.

    The run id decides: Airflow takes one once. So trying again never makes a second run, and a
    run is only reported when Airflow has shown it by DAG id and run id.

    Parameters
    ----------
    request
        What is wanted.
    transport
        The way to Airflow.
    deadline
        The end of the invocation: there are at most 4 tries, and only in the time that is left.

    Returns
    -------
    dict
        `mwaa_env_name`, `mwaa_dag_name`, `dag_run_id`, `state`, `created`, `airflow_version`,
        `transport`. Where `created` is false, because an earlier try had made the run, there is
        also `conf_compared`: whether the run's conf was read back and is that of the request.
        The command line of Airflow 2 does not show it.

    Raises
    ------
    TriggerError
        A subclass that says whether trying again is safe and may help.
    """
    doubt: OutcomeUnknown | None = None
    for attempt in range(1, TRIES + 1):
        try:
            run = transport.trigger(request, deadline)
            return _result(request, transport, run, created=True)
        except Unclear as unclear:
            error = unclear.if_absent
            logger.warning("Try %d: %s Looking for the run.", attempt, error.problem)
            found = _look(request, transport, deadline, error)
            if found is not None:
                return _found(request, transport, found)
        except TriggerError as certain:
            error = certain
        # A command in doubt may still be at work, whatever a later try says.
        if doubt is not None and not isinstance(error, OutcomeUnknown):
            error = OutcomeUnknown(f"{doubt.problem} The last try: {error.problem}")
        if isinstance(error, OutcomeUnknown):
            doubt = doubt or error
        elif not isinstance(error, MwaaUnavailable):
            break
        if attempt == TRIES or not deadline.pause(attempt, keep=LEAST_S + LOOK_S):
            break
        logger.warning("Trying again after: %s", error.problem)
    if isinstance(error, OutcomeUnknown):
        raise OutcomeUnknown(f"{error.problem} No run was seen. {ADVICE}") from None
    # Without the DAG there is no run; any other refusal says nothing of the tries before.
    if request.retried and not error.transient and not isinstance(error, DagNotFound):
        raise OutcomeUnknown(
            f"An earlier try of this execution may have made the run. This try: {error.problem} "
            f"{ADVICE}"
        ) from None
    raise error from None


def same_conf(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Compare as JSON does: numbers by value (a database may turn 1.0 into 1), true unlike 1."""
    return _canonical(one) == _canonical(other)


def _look(
    request: Request, transport: Transport, deadline: Deadline, doubt: TriggerError
) -> DagRun | None:
    try:
        return look(request, transport, deadline, with_conf=True)
    except DagNotFound:
        raise  # which settles it: without the DAG there is no run
    except TriggerError as error:
        raise OutcomeUnknown(
            f"{doubt.problem} Looking for the run failed: {error.problem} {ADVICE}"
        ) from None


def _found(request: Request, transport: Transport, run: DagRun) -> dict[str, Any]:
    if run.conf is not None and not same_conf(run.conf, request.conf):
        raise RunIdConflict(
            f"DAG {request.mwaa_dag_name} in MWAA environment {request.mwaa_env_name} has a run "
            f"{request.dag_run_id} already, with another conf. Nothing was made. Give each request "
            "a run_id of its own."
        )
    result = _result(request, transport, run, created=False)
    return {**result, "conf_compared": run.conf is not None}


def _result(
    request: Request, transport: Transport, run: DagRun, *, created: bool
) -> dict[str, Any]:
    return {
        "mwaa_env_name": request.mwaa_env_name,
        "mwaa_dag_name": request.mwaa_dag_name,
        "dag_run_id": request.dag_run_id,
        "state": run.state,
        "created": created,
        "airflow_version": run.airflow_version,
        "transport": transport.name,
    }


def _canonical(conf: Mapping[str, Any]) -> object:
    parsed: object = json.loads(json.dumps(conf), parse_int=_number, parse_float=_number)
    return parsed


def _number(text: str) -> tuple[str, Decimal]:
    # Tagged, because Python holds 1 and True for equal.
    return "number", Decimal(text)
