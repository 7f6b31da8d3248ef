"""Number of polls of an execution that waits for its DAG run."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from tests.benchmarks.deployed import (
    CLI_COMMAND_SECONDS,
    REST_REQUEST_SECONDS,
    Deployed,
    batch_items,
)
from tests.benchmarks.measuring import Figure, Sample
from tests.support.polling import MIN_INTERVALS

TARGETS = {"10 minutes": (600, 16), "4 hours": (4 * 3600, 65), "1 day": (24 * 3600, 310)}
"""Seconds of a DAG run, and the maximum number of polls over each transport."""
TIMEOUT_SECONDS = 2 * 24 * 3600


def polls(deployed: Deployed) -> Iterator[Figure]:
    """Count the polls of executions over each transport."""
    waiting = {"timeout_seconds": TIMEOUT_SECONDS}
    (item,) = batch_items(1)
    for transport, min_interval in MIN_INTERVALS.items():
        outputs = deployed.apply(
            max_concurrency=1, transport=transport, wait_for_completion=waiting
        )
        for name, (seconds, max_polls) in TARGETS.items():
            with (
                patch.object(deployed.airflow, "dag_run_seconds", seconds),
                deployed.simulated_time(),
                deployed.counted() as counts,
            ):
                deployed.execute(outputs["state_machine_arn"], item)
            counted = sum(event["type"] == "WaitStateEntered" for event in counts.events)
            yield Figure(
                name=f"polls of a DAG run of {name}, {transport.upper()}",
                baseline_name=f"one every {min_interval} s",
                unit="",
                measured=Sample((counted,)),
                baseline=Sample((seconds / min_interval,)),
                target=max_polls,
                target_is_ratio=False,
                how="Counted in the history of an execution of the deployed configuration in the local AWS, "
                f"on a simulated clock. A poll takes {CLI_COMMAND_SECONDS:.0f} s over the CLI and "
                f"{REST_REQUEST_SECONDS:.0f} s over REST.",
                why="The interval grows too slowly.",
            )
