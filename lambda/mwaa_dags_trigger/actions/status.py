"""Return the state of a DAG run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from mwaa_dags_trigger.actions.result import Result
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagRunNotFound, MwaaUnavailable, OutcomeUnknown, TriggerError
from mwaa_dags_trigger.mwaa.environments import add_environment_status
from mwaa_dags_trigger.request import DagKey, RunKey, Status
from mwaa_dags_trigger.transports.base import DagRun, Transport
from mwaa_dags_trigger.transports.failures import timeout_too_short, unexpected_errors_as_lost

KeyT = TypeVar("KeyT", bound=DagKey)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True)
class StatusResult(Result):
    """The DAG run with its dates."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            **super().to_dict(),
            "start_date": self.run.start_date,
            "end_date": self.run.end_date,
            "final": self.run.is_final,
        }


def get_status(request: Status, transport: Transport, deadline: Deadline) -> StatusResult:
    """Return the state of the DAG run; see `get_run`."""
    run = get_run(request.key, transport, deadline)
    return StatusResult(key=request.key, run=run, transport=transport.name)


def get_run(key: RunKey, transport: Transport, deadline: Deadline) -> DagRun:
    """Return the DAG run.

    Parameters
    ----------
    key
        The DAG run.
    transport
        The connection to Airflow.
    deadline
        The end of the invocation.

    Raises
    ------
    DagRunNotFound, DagNotFound
        If the run or the DAG does not exist.
    TriggerError
        Another subclass, if the lookup failed.
    """
    run = read(transport.find, key, transport, deadline)
    if run is None:
        error = DagRunNotFound(
            f"DAG {key.mwaa_dag_name} in MWAA environment {key.mwaa_env_name} has no run "
            f"{key.dag_run_id}. Check dag_run_id. The run may also have been deleted."
        )
        raise add_environment_status(error, transport.environments, key.mwaa_env_name, deadline)
    return run


def read(
    look_up: Callable[[KeyT, Deadline], ResultT],
    key: KeyT,
    transport: Transport,
    deadline: Deadline,
) -> ResultT:
    """Return the result of a lookup that changes nothing, and repeat it after transient errors.

    Raises
    ------
    TriggerError
        If all attempts failed.
    """
    if deadline.time_left() < transport.lookup_seconds:
        raise timeout_too_short(key.mwaa_env_name, deadline, transport.lookup_seconds)
    error: TriggerError
    for _ in deadline.attempts(reserve_seconds=transport.lookup_seconds):
        try:
            with unexpected_errors_as_lost(key.mwaa_env_name):
                return look_up(key, deadline)
        except TriggerError as failure:
            error = failure
            if not error.transient:
                break
    if isinstance(error, OutcomeUnknown):
        # A lookup changes nothing, so its outcome does not matter.
        error = MwaaUnavailable(f"{error.problem} Airflow could not be read. Try again.")
    raise add_environment_status(error, transport.environments, key.mwaa_env_name, deadline)
