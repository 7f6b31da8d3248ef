"""What onboardings cost, by AWS's public prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.deployed import COMMAND_S, DAG_RUN_S, REQUEST_S

ONBOARDINGS = 10_000
REGION = "us-east-1"
LOOKED_UP = "November 2026"
# https://aws.amazon.com/step-functions/pricing/, Standard Workflows.
DOLLARS_PER_TRANSITION = 0.025 / 1000
# https://aws.amazon.com/lambda/pricing/, the first tier of each.
DOLLARS_PER_REQUEST = 0.20 / 1_000_000
DOLLARS_PER_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}


@dataclass(frozen=True)
class Function:
    """What a function is charged by."""

    architecture: str
    memory_mb: int

    def dollars(self, invocations: float, seconds: float) -> float:
        """Return what so many invocations cost, and so many seconds of all of them."""
        per_second = self.memory_mb / 1024 * DOLLARS_PER_GB_SECOND[self.architecture]
        return invocations * DOLLARS_PER_REQUEST + seconds * per_second


@dataclass(frozen=True, kw_only=True)
class Charged:
    """What one onboarding is charged for.

    Parameters
    ----------
    transitions, transitions_in_batch
        Of the onboarding's own execution; and of all that a batch has for each of its items.
    transitions_of_batch
        Of the batch's execution itself, however many items it has.
    invocations, seconds
        Of the function.
    """

    way: str
    transitions: int
    transitions_in_batch: float
    transitions_of_batch: int
    invocations: float
    seconds: float


def section(function: Function, ways: Sequence[Charged]) -> str:
    """Return the part of the page that says what a batch of 10,000 costs."""
    _, cli, rest = ways
    per_poll = (rest.transitions - cli.transitions) / (rest.invocations - cli.invocations)
    gb_second = DOLLARS_PER_GB_SECOND[function.architecture]
    head = (
        f"## What {ONBOARDINGS:,} onboardings cost\n\n"
        f"In one batch, by AWS's prices of {REGION}, looked up in {LOOKED_UP}. Where they wait, a DAG run "
        f"takes {DAG_RUN_S / 60:.0f} minutes. Each poll is {per_poll:g} state transitions and one invocation, "
        "and the interval between polls grows with the time waited.\n\n"
        "| onboardings | transitions of each, alone | the same in a batch | invocations of each | Lambda time of each "
        "| Step Functions | Lambda | together |\n|---|---|---|---|---|---|---|---|"
    )
    notes = (
        "- **Transitions and invocations** are counted in the histories of executions of the deployed "
        "configuration in the local AWS, where a ten-minute wait takes no time. In a batch the distributed map "
        "starts a child for each onboarding, which AWS charges as one transition, and the child's state is "
        f"another; the batch itself has {rest.transitions_of_batch}. Without preliminary tasks: each adds one "
        "transition and an invocation. So does each retry, and a redrive is one transition, too.",
        f"- **Lambda time** is what the function waits for Airflow: {COMMAND_S:.0f} s for a command over the "
        f"CLI, the fewest of the 5 to 30 s that are reported of MWAA; {REQUEST_S:.0f} s for a request over REST, "
        "an assumption, as nothing is reported. The function has its default, "
        f"{function.memory_mb} MB on {function.architecture}.",
        f"- **Prices**: ${DOLLARS_PER_TRANSITION * 1000:g} for 1,000 transitions of a "
        "[Standard Workflow](https://aws.amazon.com/step-functions/pricing/); "
        f"${DOLLARS_PER_REQUEST * 1_000_000:.2f} for a million requests and ${gb_second:.10f} for a GB-second "
        "of [Lambda](https://aws.amazon.com/lambda/pricing/). Free tiers are not taken off; cold starts, logs, "
        "S3 and MWAA itself are not in it.",
    )
    table = "\n".join([head, *(_row(function, way) for way in ways)])
    return "\n\n".join([table, "\n".join(notes)])


def _row(function: Function, way: Charged) -> str:
    transitions = way.transitions_of_batch + ONBOARDINGS * way.transitions_in_batch
    step_functions = transitions * DOLLARS_PER_TRANSITION
    lambda_ = function.dollars(ONBOARDINGS * way.invocations, ONBOARDINGS * way.seconds)
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
