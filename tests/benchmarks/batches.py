"""The duration of a batch, and what each of its items is charged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tests.benchmarks.deployed import CLI_COMMAND_SECONDS, Deployed, Event, batch_items
from tests.benchmarks.measuring import Figure, Sample
from tests.benchmarks.prices import Charged, Function

ITEMS = 100
MAX_CONCURRENCY = 4
COUNTED_ITEMS = 3
"""Items in a batch whose events are counted."""
WAITING = {"timeout_seconds": 3600}
WAYS: dict[str, dict[str, Any]] = {
    "without waiting": {},
    "waiting over the CLI": {"wait_for_completion": WAITING},
    "waiting over REST": {"wait_for_completion": WAITING, "transport": "rest"},
}


def wall_time(deployed: Deployed) -> Figure:
    """Compare the duration of a batch with the duration of its commands."""
    outputs = deployed.apply(max_concurrency=MAX_CONCURRENCY)
    event = {"dag_runs": batch_items(ITEMS)}
    _, seconds = deployed.execute(outputs["batch_state_machine_arn"], event)
    rounds = -(-ITEMS // MAX_CONCURRENCY)
    return Figure(
        name=f"a batch of {ITEMS} items, {MAX_CONCURRENCY} at once",
        baseline_name=f"its commands alone, {rounds} rounds of {CLI_COMMAND_SECONDS:.0f} s",
        unit="s",
        measured=Sample((seconds,)),
        baseline=Sample((rounds * CLI_COMMAND_SECONDS,)),
        target=1.15,
        target_is_ratio=True,
        how="One execution of the deployed batch in the local AWS, from start to end, without waiting for DAG "
        "runs and without preliminary tasks. The deployed function runs in Lambda processes that start during "
        f"the batch. Airflow is simulated, and each command takes {CLI_COMMAND_SECONDS:.0f} s, the shortest of the "
        "5 to 30 s that users report for MWAA. With longer commands, the ratio is closer to 1. The load of the "
        f"machine was {os.getloadavg()[0]:.1f} at the end.",
        why="The rest is the local AWS. It is one process and needs 0.1 s of a core for the executions, roles "
        f"and invocation of each item. The commands of {MAX_CONCURRENCY} items end together, so their times add up. "
        "Other load on the machine adds to it. The local AWS also polls every 0.25 s whether an execution has "
        "ended, where AWS sends an event.",
    )


def charged(deployed: Deployed) -> tuple[Function, list[Charged]]:
    """Count what an item is charged, alone and in a batch, with each way of waiting."""
    ways = [_way(deployed, way, options) for way, options in WAYS.items()]
    (function,) = deployed.stack.target.functions.list_functions()["Functions"]
    return Function(function["Architectures"][0], function["MemorySize"]), ways


def _way(deployed: Deployed, way: str, options: dict[str, Any]) -> Charged:
    # One at a time, because the clock of the simulated Airflow supports only one DAG run.
    outputs = deployed.apply(max_concurrency=1, **options)
    items = batch_items(COUNTED_ITEMS)
    with deployed.simulated_time():
        with deployed.counted() as alone:
            deployed.execute(outputs["state_machine_arn"], items[0])
        with deployed.counted() as batch:
            arn, _ = deployed.execute(outputs["batch_state_machine_arn"], {"dag_runs": items})
    own = transitions(
        deployed.stack.source.states.get_execution_history(executionArn=arn)["events"]
    )
    # AWS charges one transition for each child of a distributed map, in addition to the transitions of the child.
    in_batch = (transitions(batch.events) - own) / COUNTED_ITEMS + 1
    return Charged(
        way=way,
        transitions=transitions(alone.events),
        transitions_in_batch=in_batch,
        transitions_of_batch=own,
        invocations=invocations(batch.events) / COUNTED_ITEMS,
        seconds=sum(batch.waited) / COUNTED_ITEMS,
    )


def transitions(events: Sequence[Event]) -> int:
    """Return how many state transitions AWS counts: each state entered, and each attempt of a task."""
    types: list[str] = [event["type"] for event in events]
    entered = sum(kind.endswith("StateEntered") and kind != "TaskStateEntered" for kind in types)
    return entered + types.count("TaskScheduled")


def invocations(events: Sequence[Event]) -> int:
    """Return how many times a Lambda function was invoked."""
    scheduled = [event.get("taskScheduledEventDetails", {}) for event in events]
    return [details.get("resourceType") for details in scheduled].count("lambda")
