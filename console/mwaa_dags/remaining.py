"""The command `remaining`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mwaa_dags.accounts import Account
from mwaa_dags.arns import short_name
from mwaa_dags.batches import DagRunState, Item, item_key, read_batch
from mwaa_dags.errors import ConsoleError
from mwaa_dags.executions import Execution


def find_remaining(source: Account, execution: Execution) -> list[Item]:
    """Return the items of a batch that have no DAG run, or perhaps none.

    Raises
    ------
    ConsoleError
        If the batch has started no map run.
    """
    batch = read_batch(source, execution)
    if batch is None:
        raise ConsoleError(
            f"The batch {short_name(execution.arn)} has read no items: see `mwaa-dags status "
            f"{short_name(execution.arn)}`."
        )
    # A row of empty cells succeeds without a DAG run.
    return [
        item
        for item in batch.items
        if item.dag_run is not DagRunState.EXISTS and item.status != "SUCCEEDED"
    ]


def print_remaining(execution: Execution, items: Sequence[Item]) -> None:
    """Print the items as JSON, and what to know about them on the standard error."""
    written = [item for item in items if item.item]
    inputs = [_as_input(execution, item) for item in written]
    sys.stdout.write(json.dumps(inputs, indent=2) + "\n")
    omitted = [str(item.index) for item in items if not item.item]
    if omitted:
        sys.stderr.write(
            f"Omitted: item {', '.join(omitted)}. An item must be an object with fields.\n"
        )
    doubtful = [str(item.index) for item in written if item.dag_run is DagRunState.IN_DOUBT]
    if doubtful:
        sys.stderr.write(
            f"In doubt: item {', '.join(doubtful)}. A command may still be under way. Each item has the key of this "
            "batch, so it finds its DAG run if it exists.\n"
        )


def _as_input(execution: Execution, item: Item) -> Mapping[str, Any]:
    """Return an item for a new batch, with the key that the old batch used: it then finds its DAG run if it exists."""
    if item.item.get("run_id") is not None or item.item.get("idempotency_key") is not None:
        return item.item
    return {**item.item, "idempotency_key": item_key(execution.arn, item.index)}
