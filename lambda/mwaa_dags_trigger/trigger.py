"""Exactly one DAG run for one request, whatever way it reaches Airflow."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from mwaa_dags_trigger.deadline import LEAST_S, LOOK_S, REPORT_S, Deadline
from mwaa_dags_trigger.errors import (
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
    TriggerError,
)
from mwaa_dags_trigger.request import Request

logger = logging.getLogger(__name__)

TRIES = 4
LOOKS = 3
ADVICE = (
    "Whether it was made is not known. A retry with the same run id is safe; before a redrive, "
    "which has another, look for the run in Airflow."
)


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """A DAG run as Airflow shows it.

    `conf` is None where this way to Airflow cannot read it back.
    """

    state: str
    airflow_version: str
    conf: Mapping[str, Any] | None = field(repr=False)


class Unclear(Exception):
    """The command was sent, and what it did is not known.

    Parameters
    ----------
    if_absent
        The error that it was if the run turns out not to be there.
    """

    def __init__(self, if_absent: TriggerError) -> None:
        super().__init__(if_absent.problem)
        self.if_absent = if_absent


class Transport(Protocol):
    """A way to Airflow."""

    @property
    def name(self) -> str:
        """Of the way, for the result."""
        ...

    def trigger(self, request: Request, deadline: Deadline) -> DagRun:
        """Ask once for the run.

        Raises
        ------
        Unclear
            If it may have been made.
        TriggerError
            If it was certainly not.
        """
        ...

    def find(self, request: Request, deadline: Deadline) -> DagRun | None:
        """Look for the run by its id; None where it is not there.

        Raises
        ------
        Unclear, TriggerError
            If looking was not possible.
        """
        ...


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
    raise error from None


def same_conf(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Compare as JSON does: numbers by value (a database may turn 1.0 into 1), true unlike 1."""
    return _canonical(one) == _canonical(other)


def _look(
    request: Request, transport: Transport, deadline: Deadline, doubt: TriggerError
) -> DagRun | None:
    for attempt in range(1, LOOKS + 1):
        try:
            return transport.find(request, deadline)
        except DagNotFound:
            raise  # which settles it: without the DAG there is no run
        except Unclear as unclear:
            problem = unclear.if_absent.problem
        except TriggerError as error:
            problem = error.problem
            if not error.transient:
                break
        logger.warning("Look %d: %s", attempt, problem)
        if attempt == LOOKS or not deadline.pause(attempt, keep=LEAST_S + REPORT_S):
            break
    raise OutcomeUnknown(
        f"{doubt.problem} Looking for the run failed: {problem} {ADVICE}"
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
