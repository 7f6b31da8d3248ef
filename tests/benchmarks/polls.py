"""How many polls an execution makes that waits for its DAG run."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

from tests.benchmarks.deployed import COMMAND_S, REQUEST_S, Deployed, onboardings
from tests.benchmarks.measuring import Figure, Sample
from tests.support.polling import MIN_INTERVALS

TARGETS = {"10 minutes": (600, 16), "4 hours": (4 * 3600, 65), "1 day": (24 * 3600, 310)}
"""The seconds of a DAG run, and how many polls it may cost, over either transport."""
TIMEOUT_SECONDS = 2 * 24 * 3600


def polls(deployed: Deployed) -> Iterator[Figure]:
    """Count the polls of executions over each transport."""
    waiting = {"timeout_seconds": TIMEOUT_SECONDS}
    (item,) = onboardings(1)
    for transport, min_interval in MIN_INTERVALS.items():
        outputs = deployed.apply(
            max_concurrency=1, transport=transport, wait_for_completion=waiting
        )
        for name, (seconds, most) in TARGETS.items():
            with (
                patch.object(deployed.airflow, "dag_run_seconds", seconds),
                deployed.skip_waits(),
                deployed.counted() as taken,
            ):
                deployed.execute(outputs["state_machine_arn"], item)
            counted = sum(event["type"] == "WaitStateEntered" for event in taken.events)
            yield Figure(
                name=f"polls of a DAG run of {name}, {transport.upper()}",
                baseline_name=f"one every {min_interval} s",
                unit="",
                measured=Sample((counted,)),
                baseline=Sample((seconds / min_interval,)),
                target=most,
                target_is_ratio=False,
                how="Counted in the history of an execution of the deployed configuration in the local AWS, "
                f"on a simulated clock. A poll takes {COMMAND_S:.0f} s over the CLI and {REQUEST_S:.0f} s over "
                "REST.",
                why="The interval grows too slowly.",
            )
