"""Parts of what `status` shows that executions and batches have in common."""

from __future__ import annotations

from typing import Any

from mwaa_dags.executions import Execution
from mwaa_dags.output import Output, format_duration

TIMES = "\N{MULTIPLICATION SIGN}"


def show_result(output: Output, execution: Execution) -> None:
    """Print how an execution ended, and why."""
    head = f"{execution.status:<10} {describe_subject(execution)}, {format_duration(execution.duration)}"
    error = execution.reason.error if execution.reason else ""
    output.line(f"{head:<{max(78 - len(error), len(head) + 2)}}{error}".rstrip())
    if execution.reason:
        output.wrapped(execution.reason.message, indent="  ")


def to_json(execution: Execution) -> dict[str, Any]:
    """Return an execution without its input, which may contain a conf."""
    reason = execution.reason
    return {
        "execution": execution.arn,
        "status": execution.status,
        "environment": execution.env_name,
        "dag": execution.dag_id,
        "dag_run_id": execution.run_id,
        "started": execution.started,
        "stopped": execution.stopped,
        "seconds": execution.duration,
        "error": reason.error if reason else None,
        "message": reason.message if reason else None,
        "redrive_count": execution.redrive_count,
        "redrivable_until": execution.redrivable_until,
    }


def describe_end(execution: Execution) -> str:
    """Return when an execution ended, and until when it can be redriven."""
    assert execution.stopped
    text = f"{execution.stopped.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    until = execution.redrivable_until
    return f"{text}, can be redriven until {until.astimezone():%Y-%m-%d}" if until else text


def describe_subject(execution: Execution) -> str:
    """Return what an execution was started for."""
    if execution.dag_id:
        return f"{execution.dag_id} in {execution.env_name}"
    runs = execution.input.get("dag_runs")
    if isinstance(runs, list):
        return f"batch of {len(runs)}"
    key = execution.input.get("key")
    return f"batch {key}" if key else "invalid input"
