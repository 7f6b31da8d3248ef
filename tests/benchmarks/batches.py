"""What a batch takes: its wall time, and what each of its onboardings is charged."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from tests.benchmarks.deployed import COMMAND_S, Event, Stack, onboardings
from tests.benchmarks.measuring import Figure, Sample
from tests.benchmarks.prices import Charged, Function

ONBOARDINGS = 100
AT_ONCE = 4
COUNTED = 3
"""Onboardings of a batch that is counted."""
WAITING = json.dumps({"timeout_seconds": 3600})
WAYS = {
    "without waiting": {},
    "waiting over the CLI": {"wait_for_completion": WAITING},
    "waiting over REST": {"wait_for_completion": WAITING, "transport": "rest"},
}


def wall_time(stack: Stack) -> Figure:
    """Compare the time of a batch with that of its commands."""
    outputs = stack.apply(max_concurrency=AT_ONCE)
    event = {"dag_runs": onboardings(ONBOARDINGS)}
    _, seconds = stack.execute(outputs["batch_state_machine_arn"], event)
    rounds = -(-ONBOARDINGS // AT_ONCE)
    return Figure(
        name=f"a batch of {ONBOARDINGS} onboardings, {AT_ONCE} at once",
        baseline_name=f"its commands alone, {rounds} rounds of {COMMAND_S:.0f} s",
        unit="s",
        measured=Sample((seconds,)),
        baseline=Sample((rounds * COMMAND_S,)),
        target=1.15,
        target_is_ratio=True,
        how=f"One execution of the deployed batch in the local AWS, from its start to its end, with the "
        "deployed function in Lambda processes that start with it; without waiting and without "
        "preliminary tasks. Airflow is a stand-in, and its front keeps each command for "
        f"{COMMAND_S:.0f} s, the fewest of the 5 to 30 s that are reported of MWAA: the longer a command "
        f"takes, the nearer the ratio is to 1. The machine's load was {os.getloadavg()[0]:.1f} at its end.",
        why=f"What is beyond the commands is the local AWS: one process, which takes 0.1 s of a core for the "
        f"executions, roles and invocation of each onboarding, and of {AT_ONCE} at once, as their commands "
        "end together; and the more, the more else the machine does. It also looks every 0.1 s whether an "
        "onboarding has ended, where AWS sends an event.",
    )


def charged(stack: Stack) -> tuple[Function, list[Charged]]:
    """Count what an onboarding takes, alone and in a batch, in each way."""
    ways = [_way(stack, way, options) for way, options in WAYS.items()]
    (deployed,) = stack.target.functions.list_functions()["Functions"]
    return Function(deployed["Architectures"][0], deployed["MemorySize"]), ways


def _way(stack: Stack, way: str, options: dict[str, str]) -> Charged:
    # One at a time: the stand-in's clock is that of a single DAG run.
    outputs = stack.apply(max_concurrency=1, **options)
    items = onboardings(COUNTED)
    with stack.hurried():
        with stack.counted() as alone:
            stack.execute(outputs["state_machine_arn"], items[0])
        with stack.counted() as batch:
            arn, _ = stack.execute(outputs["batch_state_machine_arn"], {"dag_runs": items})
    own = transitions(stack.source.states.get_execution_history(executionArn=arn)["events"])
    # A distributed map is charged one for each child that it starts, beside the child's own.
    in_batch = (transitions(batch.events) - own) / COUNTED + 1
    return Charged(
        way=way,
        transitions=transitions(alone.events),
        transitions_in_batch=in_batch,
        transitions_of_batch=own,
        invocations=invocations(batch.events) / COUNTED,
        seconds=sum(batch.waited) / COUNTED,
    )


def transitions(events: Sequence[Event]) -> int:
    """Return how many state transitions AWS counts: each state that is entered, and each try of a task."""
    types: list[str] = [event["type"] for event in events]
    entered = sum(kind.endswith("StateEntered") and kind != "TaskStateEntered" for kind in types)
    return entered + types.count("TaskScheduled")


def invocations(events: Sequence[Event]) -> int:
    """Return how many times a Lambda function was invoked."""
    scheduled = [event.get("taskScheduledEventDetails", {}) for event in events]
    return [details.get("resourceType") for details in scheduled].count("lambda")
