"""Check a DAG run while an execution waits until it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mwaa_dags_trigger.actions.status import StatusResult, get_run
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagRunFailed, DagRunTimedOut, TriggerError
from mwaa_dags_trigger.fields import escape
from mwaa_dags_trigger.request import Check, RunKey
from mwaa_dags_trigger.transports.base import DagRun, Transport
from mwaa_dags_trigger.transports.failures import unexpected_errors_as_lost

logger = logging.getLogger(__name__)

MAX_TASKS = 10
"""The maximum number of failed tasks in a message."""


@dataclass(frozen=True, kw_only=True)
class CheckResult(StatusResult):
    """The DAG run with its dates and its duration."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {**super().to_dict(), "duration_seconds": _duration(self.run)}


def check(request: Check, transport: Transport, deadline: Deadline) -> CheckResult:
    """Check once whether the DAG run has ended.

    A failed run is an error of this check, and thus of the state that runs it. A redrive enters the
    same state again and finds out whether somebody has repaired the run.

    Parameters
    ----------
    request
        The DAG run, and how long the execution has waited.
    transport
        The connection to Airflow.
    deadline
        The end of the invocation.

    Raises
    ------
    DagRunFailed
        If the run has failed.
    DagRunTimedOut
        If the run has not ended, and the execution has waited for `timeout_seconds`.
    TriggerError
        Another subclass, if the run does not exist or the lookup failed.
    """
    key = request.key
    run = get_run(key, transport, deadline)
    if run.state == "failed":
        tasks = _get_optional(transport.failed_tasks, key, deadline) or []
        raise DagRunFailed(
            f"{key} has failed{_list_tasks(tasks)}. Clear its failed tasks in Airflow to continue the "
            "same DAG run, then redrive the execution to wait for it again."
        )
    if not run.is_final and request.waited_seconds > request.timeout_seconds:
        progress = "is still running"
        if run.state == "queued":
            paused = _get_optional(transport.is_paused, key, deadline)
            progress = "has not started"
            if paused:
                progress += ", because its DAG is paused: unpause the DAG"
        raise DagRunTimedOut(
            f"{key} is {escape(run.state)} after {request.waited_seconds:.0f} s, and timeout_seconds is "
            f"{request.timeout_seconds}. The execution stopped waiting. The DAG run {progress}. Redrive "
            "the execution to wait for the same time again."
        )
    return CheckResult(key=key, run=run, transport=transport.name)


def _get_optional(get: Callable[[RunKey, Deadline], Any], key: RunKey, deadline: Deadline) -> Any:
    """Fetch optional details for an error message, or return None."""
    try:
        with unexpected_errors_as_lost(key.mwaa_env_name):
            return get(key, deadline)
    except TriggerError as error:
        logger.warning("Details for the error message are not available: %s", error)
        return None


def _list_tasks(tasks: list[str]) -> str:
    # A mapped task has an instance for each of its inputs.
    names = list(dict.fromkeys(tasks))
    if not names:
        return ""
    more = f" and {len(names) - MAX_TASKS} more" if len(names) > MAX_TASKS else ""
    shown = ", ".join(map(escape, names[:MAX_TASKS]))
    return f" in the task{'s' if len(names) > 1 else ''} {shown}{more}"


def _duration(run: DagRun) -> float | None:
    try:
        start = datetime.fromisoformat(str(run.start_date))
        end = datetime.fromisoformat(str(run.end_date))
        return (end - start).total_seconds()
    except (TypeError, ValueError):
        return None
