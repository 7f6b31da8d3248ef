"""What `status` shows of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mwaa_dags.advice import advise_execution, fill_steps
from mwaa_dags.arns import short_name
from mwaa_dags.batches import Batch, DagRunState, Item, read_batch
from mwaa_dags.executions import Execution
from mwaa_dags.output import Output
from mwaa_dags.system import Operator
from mwaa_dags.views import TIMES, describe_end, show_result, to_json

_MAX_ROWS = 200


def show_batch(operator: Operator, output: Output, execution: Execution) -> None:
    """Show a batch with a row for each item."""
    batch = read_batch(operator.source, execution)
    advice = advise_execution(execution)
    todo = fill_steps(advice, execution) if advice else []
    output.json(
        {
            **to_json(execution),
            "counts": batch.counts if batch else None,
            "items": [_item_to_json(item) for item in batch.items] if batch else [],
            "steps": todo,
        }
    )
    show_result(output, execution)
    if execution.stopped:
        output.line(f"  ended    {describe_end(execution)}")
    if batch:
        output.line(f"  {_describe_counts(batch)}")
        output.line()
        shown = [item for item in batch.items if item.status != "SUCCEEDED"]
        _show_items(output, batch.items if batch.total <= _MAX_ROWS else shown)
        failed = Counter(
            (item.reason.error, item.reason.message)
            for item in batch.items
            if item.reason and item.status == "FAILED"
        )
        for (error, message), count in failed.most_common(5):
            output.line()
            output.line(f"{count} {TIMES} {error}")
            output.wrapped(message, indent="  ")
    output.steps(todo)


def _describe_counts(batch: Batch) -> str:
    counts = batch.counts
    parts = [f"{counts['failed']} of {batch.total} items failed"]
    if counts["failed"]:
        parts[0] += f", {batch.tolerated_percentage:g} % are tolerated"
    names = {
        "succeeded": "succeeded",
        "running": "running",
        "timedOut": "timed out",
        "aborted": "were stopped",
        "pending": "were not started",
    }
    parts += [f"{counts[key]} {name}" for key, name in names.items() if counts.get(key)]
    return f"{parts[0]}. {', '.join(parts[1:])}".rstrip(". ") + "."


def _item_to_json(item: Item) -> dict[str, Any]:
    return {
        "index": item.index,
        "status": item.status,
        "execution": item.execution_arn,
        "dag": item.dag_id,
        "dag_run_id": item.run_id,
        "dag_run": item.dag_run.value,
        "error": item.reason.error if item.reason else None,
        "message": item.reason.message if item.reason else None,
    }


def _show_items(output: Output, items: Sequence[Item]) -> None:
    """Print a row for each item of a batch."""
    rows = [("item", "execution", "DAG", "DAG run", "result")]
    rows += [
        (
            str(item.index),
            short_name(item.execution_arn) if item.execution_arn else "-",
            item.dag_id,
            _describe_dag_run(item),
            describe_item(item),
        )
        for item in items[:_MAX_ROWS]
    ]
    output.table(rows)
    if len(items) > _MAX_ROWS:
        output.line(f"… and {len(items) - _MAX_ROWS} more: --json shows all.")


def _describe_dag_run(item: Item) -> str:
    """Return the run id of an item, and whether the DAG run exists."""
    match item.dag_run:
        case DagRunState.EXISTS:
            return str(item.run_id)
        case DagRunState.IN_DOUBT:
            return f"{item.run_id}?"
    return "none"


def describe_item(item: Item) -> str:
    """Return the result of an item."""
    if item.reason and item.status == "FAILED":
        return item.reason.error
    match item.status:
        case "ABORTED" if item.dag_run is DagRunState.EXISTS:
            return "stopped, run continues"
        case "ABORTED" if item.dag_run is DagRunState.IN_DOUBT:
            return "stopped, in doubt"
        case "ABORTED":
            return "stopped"
        case "NOT_STARTED":
            return "not started"
    return item.status.lower().replace("_", " ")
