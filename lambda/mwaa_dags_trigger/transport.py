"""The transport interface."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import CONNECT_S, READ_S, Environments
from mwaa_dags_trigger.errors import (
    DagNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import RunKey, Trigger

logger = logging.getLogger(__name__)

FINAL_STATES = frozenset({"success", "failed"})
OWN_WORDS = (
    "Most often mwaa_dag_conf does not fit the DAG's params. Airflow's own words may quote the conf and "
    "are not shown: trigger the DAG by hand with this conf to read them."
)
STATUS_S = CONNECT_S + READ_S + 1
"""Seconds to ask for an environment's status, and to report it."""


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """A DAG run as Airflow shows it; its dates are ISO 8601, or None where they are not shown."""

    state: str
    airflow_version: str
    conf: Mapping[str, Any] = field(repr=False)
    start_date: str | None = None
    end_date: str | None = None


class Unsettled(Exception):
    """The request was sent, and whether it made the run is not known.

    Parameters
    ----------
    error
        Error to raise if nothing settles it.
    """

    def __init__(self, error: TriggerError) -> None:
        super().__init__(error.problem)
        self.error = error


class Lost(Unsettled):
    """No word of Airflow came back. Sending the same request again settles it."""


class Refused(Unsettled):
    """Airflow refused the request, perhaps because the run is there already. A look settles it."""


class Transport(Protocol):
    """How requests reach the Airflow of an MWAA environment."""

    name: str
    environments: Environments
    trigger_seconds: float
    """Below so many seconds to the deadline no trigger is sent: it keeps back those for a look."""
    look_seconds: float
    """Below so many seconds to the deadline no look is sent."""

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Ask once for the run.

        Raises
        ------
        Lost, Refused
            If it may have been made.
        TriggerError
            If this call certainly did not make it.
        """
        ...

    def find(self, run: RunKey, deadline: Deadline) -> DagRun | None:
        """Look once for the run; None where it is not there.

        Raises
        ------
        DagNotFound
            If Airflow does not know the DAG.
        Unsettled, TriggerError
            If looking was not possible.
        """
        ...

    def failed_tasks(self, run: RunKey, deadline: Deadline) -> list[str]:
        """Ask once for the ids of the run's tasks that have failed.

        Raises
        ------
        Unsettled, TriggerError
            If asking was not possible.
        """
        ...

    def is_paused(self, run: RunKey, deadline: Deadline) -> bool:
        """Ask once whether the run's DAG is paused.

        Raises
        ------
        Unsettled, TriggerError
            If asking was not possible.
        """
        ...


@contextmanager
def sent(name: str) -> Iterator[None]:
    """Raise `Lost` for an exception that nobody foresaw: the request is on its way already."""
    try:
        yield
    except (TriggerError, Unsettled):
        raise
    except Exception as defect:  # noqa: BLE001 (what it is does not matter: the request is out)
        # Without the exception's own text, which may quote the answer.
        frames = "".join(traceback.format_tb(defect.__traceback__))
        logger.error("%s in the function's own code:\n%s", type(defect).__name__, frames)
        raise Lost(
            OutcomeUnknown(
                f"The function failed on the answer of MWAA environment {name} "
                f"({type(defect).__name__}): a defect of its code, whose place is in its log."
            )
        ) from None


def name_status(
    error: TriggerError, transport: Transport, run: RunKey, deadline: Deadline
) -> TriggerError:
    """Return the error, or `EnvironmentNotReady` where the environment's status may explain it."""
    explained = isinstance(error, EnvironmentNotReady)
    if explained or not error.transient or deadline.time_left() < STATUS_S:
        return error
    status = transport.environments.unready_status(run.mwaa_env_name)
    if status is None:
        return error
    return EnvironmentNotReady(
        f"{error.problem} The status of MWAA environment {run.mwaa_env_name} is {status}: try again "
        "when it is AVAILABLE."
    )


def unknown_dag(run: RunKey) -> DagNotFound:
    """Return the error for a DAG that Airflow does not know."""
    return DagNotFound(
        f"Airflow in MWAA environment {run.mwaa_env_name} does not know DAG {run.mwaa_dag_name}. "
        "Check mwaa_dag_name; a new DAG file takes a moment to be parsed."
    )


def no_time(name: str) -> MwaaUnavailable:
    """Return the error for an invocation whose time does not suffice for another call."""
    return MwaaUnavailable(
        f"Too little of the function's time was left to ask MWAA environment {name}. Raise the "
        "function's timeout; 300 s are usual."
    )
