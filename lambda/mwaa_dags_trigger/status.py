"""The state of a DAG run, by its run id."""

from __future__ import annotations

from typing import Any

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagRunNotFound, MwaaUnavailable, OutcomeUnknown
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import Transport, look

FINAL_STATES = frozenset({"success", "failed"})


def status_of(request: Request, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Say how far a DAG run is.

    Parameters
    ----------
    request
        Which run.
    transport
        The way to Airflow.
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
    try:
        run = look(request, transport, deadline, with_conf=False)
    except OutcomeUnknown as error:
        # A question starts nothing.
        raise MwaaUnavailable(
            f"{error.problem} The state of the DAG run could not be read. Try again."
        ) from None
    if run is None:
        raise DagRunNotFound(
            f"DAG {request.mwaa_dag_name} in MWAA environment {request.mwaa_env_name} has no run "
            f"{request.dag_run_id}. Check dag_run_id; it may also have been deleted."
        )
    return {
        "mwaa_env_name": request.mwaa_env_name,
        "mwaa_dag_name": request.mwaa_dag_name,
        "dag_run_id": request.dag_run_id,
        "state": run.state,
        "start_date": run.start_date,
        "end_date": run.end_date,
        "final": run.state in FINAL_STATES,
        "airflow_version": run.airflow_version,
        "transport": transport.name,
    }
