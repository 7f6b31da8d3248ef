"""Onboard a client: the DAG that the demo's state machine triggers.

`mwaa_dag_conf` of the request is the conf of the DAG run. Works with Airflow 2 and 3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2024, 1, 1, tzinfo=UTC), catchup=False)
def onboarding() -> None:
    """Read the request, then onboard its client. The web page shows the result of each task as its XCom."""

    @task(multiple_outputs=False)  # one XCom, whatever keys the conf has
    def read_request(dag_run: Any = None) -> dict[str, Any]:
        """Return the DAG run's conf."""
        return dict(dag_run.conf)

    @task
    def onboard(request: dict[str, Any]) -> str:
        """Return a message. Here a real DAG would do its work."""
        return f"onboarded {request.get('client', 'a client without a name')}"

    onboard(read_request())


onboarding()
