"""What a way to Airflow has to do, and looking for a run over it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mwaa_dags_trigger.deadline import LEAST_S, REPORT_S, Deadline
from mwaa_dags_trigger.errors import DagNotFound, MwaaUnavailable, TriggerError
from mwaa_dags_trigger.request import Request

logger = logging.getLogger(__name__)

LOOKS = 3


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """A DAG run as Airflow shows it.

    `conf` is None where it was not read back; the dates are ISO 8601, or None where it has not
    started or ended.
    """

    state: str
    airflow_version: str
    conf: Mapping[str, Any] | None = field(repr=False)
    start_date: str | None = None
    end_date: str | None = None


class Unclear(Exception):
    """The request was sent, and what it did is not known.

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

    def find(self, request: Request, deadline: Deadline, *, with_conf: bool) -> DagRun | None:
        """Look for the run by its id; None where it is not there.

        Parameters
        ----------
        request
            Which run.
        deadline
            The end of the invocation.
        with_conf
            Whether its conf is wanted, which may take a further call.

        Raises
        ------
        DagNotFound
            If Airflow does not know the DAG.
        Unclear, TriggerError
            If looking was not possible.
        """
        ...


def look(
    request: Request, transport: Transport, deadline: Deadline, *, with_conf: bool
) -> DagRun | None:
    """Look for the run, at most 3 times and only in the time that is left.

    Raises
    ------
    TriggerError
        Why the last look was not possible.
    """
    for attempt in range(1, LOOKS + 1):
        try:
            return transport.find(request, deadline, with_conf=with_conf)
        except Unclear as unclear:
            error = unclear.if_absent
        except TriggerError as certain:
            error = certain
            if not error.transient:
                break
        logger.warning("Look %d: %s", attempt, error.problem)
        if attempt == LOOKS or not deadline.pause(attempt, keep=LEAST_S + REPORT_S):
            break
    raise error from None


def unknown_dag(request: Request) -> DagNotFound:
    """Give the error for a DAG that Airflow does not know."""
    return DagNotFound(
        f"Airflow in MWAA environment {request.mwaa_env_name} does not know DAG "
        f"{request.mwaa_dag_name}. Check mwaa_dag_name; a new DAG file takes a moment to be parsed."
    )


def no_time(request: Request) -> MwaaUnavailable:
    """Give the error for an invocation whose time does not suffice for another call."""
    return MwaaUnavailable(
        "Too little of the function's time was left to ask MWAA environment "
        f"{request.mwaa_env_name}. This try started nothing. Raise the function's timeout; 300 s "
        "are usual."
    )
