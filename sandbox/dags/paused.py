"""A paused DAG. Its runs are created and stay queued."""

from __future__ import annotations

from datetime import UTC, datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    is_paused_upon_creation=True,
)
def paused() -> None:
    """Run one task after somebody unpauses the DAG."""

    @task
    def wait_for_somebody() -> str:
        """Return a message."""
        return "unpaused"

    wait_for_somebody()


paused()
