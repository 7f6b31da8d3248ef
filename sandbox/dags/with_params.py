"""A DAG with params, which rejects other confs."""

from __future__ import annotations

from datetime import UTC, datetime

try:
    from airflow.sdk import Param, dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models.param import Param


@dag(
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=UTC),
    catchup=False,
    params={"client": Param(type="string"), "day": Param(1, type="integer")},
)
def with_params() -> None:
    """Run one task for a client and a day."""

    @task
    def work() -> str:
        """Return a message."""
        return "done"

    work()


with_params()
