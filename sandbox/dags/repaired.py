"""A DAG whose run fails, and succeeds once its failed task has been cleared."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2024, 1, 1, tzinfo=UTC), catchup=False)
def repaired() -> None:
    """One task that succeeds, and one that needs to be cleared."""

    @task
    def extract() -> str:
        """Say that it ran."""
        return "extracted"

    @task
    def load(dag_run: Any = None) -> str:
        """Fail until somebody has cleared a task: a try may count that a slow scheduler made twice."""
        if dag_run.clear_number == 0:
            raise RuntimeError("The table is locked.")
        return "loaded"

    extract() >> load()


repaired()
