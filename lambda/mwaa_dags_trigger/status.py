"""The state of a DAG run, by its run id."""

from __future__ import annotations

from typing import Any

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagRunNotFound, MwaaUnavailable, OutcomeUnknown, TriggerError
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transport import (
    FINAL_STATES,
    DagRun,
    Transport,
    Unsettled,
    name_status,
    sent,
)


def status_of(run: RunKey, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Return how far a DAG run is.

    Parameters
    ----------
    run
        Which run.
    transport
        How Airflow is reached.
    deadline
        The end of the invocation.

    Returns
    -------
    dict
        `mwaa_env_name`, `mwaa_dag_name`, `dag_run_id`, `state`, `start_date` and `end_date` (ISO
        8601, or None), `final` (whether the state is the last one), `airflow_version`, `transport`.

    Raises
    ------
    DagRunNotFound, DagNotFound
        If there is no such run.
    TriggerError
        Another one, if asking was not possible.
    """
    shown = _find(run, transport, deadline)
    if shown is None:
        raise DagRunNotFound(
            f"DAG {run.mwaa_dag_name} in MWAA environment {run.mwaa_env_name} has no run "
            f"{run.dag_run_id}. Check dag_run_id; it may also have been deleted."
        )
    return {
        "mwaa_env_name": run.mwaa_env_name,
        "mwaa_dag_name": run.mwaa_dag_name,
        "dag_run_id": run.dag_run_id,
        "state": shown.state,
        "start_date": shown.start_date,
        "end_date": shown.end_date,
        "final": shown.state in FINAL_STATES,
        "airflow_version": shown.airflow_version,
        "transport": transport.name,
    }


def _find(run: RunKey, transport: Transport, deadline: Deadline) -> DagRun | None:
    for _ in deadline.tries(keep=transport.look_seconds):
        try:
            with sent(run.mwaa_env_name):
                return transport.find(run, deadline)
        except Unsettled as unsettled:
            error = unsettled.error
        except TriggerError as certain:
            error = certain
        if not error.transient:
            break
    if isinstance(error, OutcomeUnknown):
        # A question starts nothing.
        error = MwaaUnavailable(
            f"{error.problem} The state of the DAG run could not be read. Try again."
        )
    raise name_status(error, transport, run, deadline)
