"""The interface of all transports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.request import DagKey, RunKey, Trigger

FINAL_STATES = frozenset({"success", "failed"})
REPORT_SECONDS = 5.0
"""The time that a lookup reserves for reporting its result."""
MAX_IMPORT_ERROR_LENGTH = 200


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """A DAG run as Airflow shows it. Its dates are ISO 8601, or None if Airflow does not show them."""

    state: str
    airflow_version: str
    conf: Mapping[str, Any] = field(repr=False)
    start_date: str | None = None
    end_date: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.state in FINAL_STATES


@dataclass(frozen=True, kw_only=True)
class Dag:
    """A DAG as Airflow shows it.

    Parameters
    ----------
    paused
        None if the DAG does not exist.
    import_errors
        The last line of each import error by file: of the DAG's file, or of all files if the DAG does not exist.
    params
        For each param, its type and whether it is required. None if the transport does not show them.
    """

    exists: bool
    airflow_version: str
    paused: bool | None = None
    import_errors: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] | None = None


def last_line(error: object) -> str:
    """Return the last line of an import error, which is a traceback."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip()[:MAX_IMPORT_ERROR_LENGTH] if lines else ""


class Transport(Protocol):
    """The way in which requests reach the Airflow of an MWAA environment.

    Each method sends one request, and raises a `TriggerError` if it has no result.
    """

    name: str
    environments: Environments
    trigger_seconds: float
    """The minimum time to trigger a DAG run, including a lookup afterwards."""
    lookup_seconds: float
    """The minimum time for a lookup."""

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Create the DAG run.

        Raises
        ------
        TriggerError
            Its `outcome` says whether the request may have created the DAG run.
        """
        ...

    def find(self, key: RunKey, deadline: Deadline) -> DagRun | None:
        """Return the DAG run, or None if it does not exist.

        Raises
        ------
        DagNotFound
            If Airflow does not know the DAG.
        """
        ...

    def failed_tasks(self, key: RunKey, deadline: Deadline) -> list[str]:
        """Return the ids of the DAG run's failed tasks."""
        ...

    def describe_dag(self, key: DagKey, deadline: Deadline) -> Dag:
        """Return the DAG. An unknown DAG is not an error."""
        ...

    def is_paused(self, key: RunKey, deadline: Deadline) -> bool:
        """Return whether the DAG is paused."""
        ...
