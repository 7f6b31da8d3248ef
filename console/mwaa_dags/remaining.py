"""The command `remaining`."""

from __future__ import annotations

from collections.abc import Mapping
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
    return [item for item in batch.items if item.dag_run is not DagRunState.EXISTS and item.item]


def as_input(execution: Execution, item: Item) -> Mapping[str, Any]:
    """Return an item for a new batch, with the key that the old batch used: it then finds its DAG run if it exists."""
    if item.item.get("run_id") is not None or item.item.get("idempotency_key") is not None:
        return item.item
    return {**item.item, "idempotency_key": item_key(execution.arn, item.index)}
