"""One look at a DAG run whose end an execution waits for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagRunFailed, DagRunTimedOut, TriggerError
from mwaa_dags_trigger.request import Check, RunKey
from mwaa_dags_trigger.status import status_of
from mwaa_dags_trigger.transport import Transport, Unsettled, sent

logger = logging.getLogger(__name__)

MAX_TASKS = 10
"""Failed tasks that a message names."""


def check(request: Check, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Look once whether the DAG run has ended.

    How it ended badly is an error of this look, and so of the state that makes it: a redrive enters
    that state again, and finds out what has become of the run.

    Parameters
    ----------
    request
        Which run, and for how long it has been waited for.
    transport
        How Airflow is reached.
    deadline
        The end of the invocation.

    Returns
    -------
    dict
        See `mwaa_dags_trigger.status.status_of`; and `duration_seconds`, from start to end, or None.

    Raises
    ------
    DagRunFailed
        If the run has failed.
    DagRunTimedOut
        If it has not ended, and has been waited for as long as it may.
    TriggerError
        Another one, if there is no such run or looking was not possible.
    """
    run = request.run
    status = status_of(run, transport, deadline)
    about = (
        f"DAG run {run.dag_run_id} of DAG {run.mwaa_dag_name} in MWAA environment "
        f"{run.mwaa_env_name}"
    )
    if status["state"] == "failed":
        tasks = _answer(transport.failed_tasks, run, deadline)
        raise DagRunFailed(
            f"{about} has failed{_listed(tasks or [])}. Clear its failed tasks in Airflow, so that the "
            "same DAG run goes on, and redrive the execution, which waits for it again."
        )
    if not status["final"] and request.waited_seconds > request.timeout_seconds:
        progress = "which goes on"
        if status["state"] == "queued":
            paused = _answer(transport.is_paused, run, deadline)
            because = ", because its DAG is paused: unpause it" if paused else ""
            progress = f"which has not started{because}"
        raise DagRunTimedOut(
            f"{about} is {status['state']} after {request.waited_seconds:.0f} s, and timeout_seconds "
            f"is {request.timeout_seconds}. That ends the waiting and not the DAG run, {progress}. "
            "Redrive the execution to wait for it as long again."
        )
    seconds = _seconds(status["start_date"], status["end_date"])
    return {**status, "duration_seconds": seconds}


def _answer(question: Callable[[RunKey, Deadline], Any], run: RunKey, deadline: Deadline) -> Any:
    """Ask for what an error would do without; None where there is no answer."""
    try:
        with sent(run.mwaa_env_name):
            return question(run, deadline)
    except (TriggerError, Unsettled) as failed:
        logger.warning("What the error could say besides is not known: %s", failed)
        return None


def _listed(tasks: list[str]) -> str:
    # A mapped task has an instance for each of its inputs.
    names = list(dict.fromkeys(tasks))
    if not names:
        return ""
    more = f" and {len(names) - MAX_TASKS} more" if len(names) > MAX_TASKS else ""
    return f", with its task{'s' if len(names) > 1 else ''} {', '.join(names[:MAX_TASKS])}{more}"


def _seconds(start: str | None, end: str | None) -> float | None:
    try:
        began, ended = datetime.fromisoformat(str(start)), datetime.fromisoformat(str(end))
        return (ended - began).total_seconds()
    except (TypeError, ValueError):
        return None
