"""A DAG whose runs fail, and succeed after the failed task has been cleared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2024, 1, 1, tzinfo=UTC), catchup=False)
def repaired() -> None:
    """Run a task that succeeds, and a task that fails until it is cleared."""

    @task
    def extract() -> str:
        """Return a message."""
        return "extracted"

    @task
    def load(dag_run: Any = None) -> str:
        """Fail until somebody has cleared a task."""
        # `try_number` is unsuitable, because a slow scheduler can count one attempt twice.
        if dag_run.clear_number == 0:
            raise RuntimeError("The table is locked.")
        return "loaded"

    extract() >> load()


repaired()
