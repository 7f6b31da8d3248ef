"""The cost of a batch, at AWS's public prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.deployed import CLI_COMMAND_SECONDS, DAG_RUN_SECONDS, REST_REQUEST_SECONDS

ITEMS = 10_000
REGION = "us-east-1"
LOOKED_UP = "November 2026"
# https://aws.amazon.com/step-functions/pricing/, Standard Workflows.
DOLLARS_PER_TRANSITION = 0.025 / 1000
# https://aws.amazon.com/lambda/pricing/, the first tier of each.
DOLLARS_PER_REQUEST = 0.20 / 1_000_000
DOLLARS_PER_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}


@dataclass(frozen=True)
class Function:
    """The properties of a function that determine its price."""

    architecture: str
    memory_mb: int

    def dollars(self, invocations: float, seconds: float) -> float:
        """Return the price of invocations with this total duration."""
        per_second = self.memory_mb / 1024 * DOLLARS_PER_GB_SECOND[self.architecture]
        return invocations * DOLLARS_PER_REQUEST + seconds * per_second


@dataclass(frozen=True, kw_only=True)
class Charged:
    """What AWS charges for one item.

    Parameters
    ----------
    transitions, transitions_in_batch
        State transitions of the execution of an item on its own, and of all executions for an item in a batch.
    transitions_of_batch
        State transitions of the batch execution itself, regardless of the number of items.
    invocations, seconds
        Number and total duration of the invocations of the function.
    """

    way: str
    transitions: int
    transitions_in_batch: float
    transitions_of_batch: int
    invocations: float
    seconds: float


def section(function: Function, ways: Sequence[Charged]) -> str:
    """Return the section of the page about the cost of 10,000 items."""
    _, cli, rest = ways
    per_poll = (rest.transitions - cli.transitions) / (rest.invocations - cli.invocations)
    gb_second = DOLLARS_PER_GB_SECOND[function.architecture]
    head = (
        f"## What {ITEMS:,} items cost\n\n"
        f"The table shows the cost of one batch, at the AWS prices for {REGION} in {LOOKED_UP}. If the executions "
        f"wait, each DAG run takes {DAG_RUN_SECONDS / 60:.0f} minutes. Each poll consists of {per_poll:g} state "
        "transitions and one invocation, and the interval between polls grows with the time waited.\n\n"
        "| items | transitions per item, alone | transitions per item, in a batch | invocations per item "
        "| Lambda time per item | Step Functions | Lambda | total |\n|---|---|---|---|---|---|---|---|"
    )
    notes = (
        "- **Transitions and invocations** are counted in the histories of executions of the deployed "
        "configuration in the local AWS, where a wait of ten minutes takes no time. In a batch, the distributed "
        "map starts a child for each item. AWS charges one transition for the child and one for its state. "
        f"The batch itself has {rest.transitions_of_batch} transitions. There are no preliminary tasks. Each "
        "preliminary task and each retry adds one transition and one invocation. A redrive adds one transition.",
        f"- **Lambda time** is the time in which the function waits for Airflow. A CLI command takes "
        f"{CLI_COMMAND_SECONDS:.0f} s, the shortest of the 5 to 30 s that users report for MWAA. A REST request takes "
        f"{REST_REQUEST_SECONDS:.0f} s, which is an assumption, because there are no reports. The function has its "
        f"default size, {function.memory_mb} MB on {function.architecture}.",
        f"- **Prices**: ${DOLLARS_PER_TRANSITION * 1000:g} for 1,000 transitions of a "
        "[Standard Workflow](https://aws.amazon.com/step-functions/pricing/). "
        f"${DOLLARS_PER_REQUEST * 1_000_000:.2f} for a million requests and ${gb_second:.10f} for a GB-second "
        "of [Lambda](https://aws.amazon.com/lambda/pricing/). Free tiers are not subtracted. Cold starts, logs, "
        "S3 and MWAA itself are not included.",
    )
    table = "\n".join([head, *(_row(function, way) for way in ways)])
    return "\n\n".join([table, "\n".join(notes)])


def _row(function: Function, way: Charged) -> str:
    transitions = way.transitions_of_batch + ITEMS * way.transitions_in_batch
    step_functions = transitions * DOLLARS_PER_TRANSITION
    lambda_ = function.dollars(ITEMS * way.invocations, ITEMS * way.seconds)
    cells = [
        way.way,
        f"{way.transitions}",
        f"{way.transitions_in_batch:g}",
        f"{way.invocations:g}",
        f"{way.seconds:g} s",
        f"${step_functions:.2f}",
        f"${lambda_:.2f}",
        f"**${step_functions + lambda_:.2f}**",
    ]
    return "| " + " | ".join(cells) + " |"
