"""Onboard a client: the DAG that the demo's state machine triggers.

What a request sends as `mwaa_dag_conf` is the DAG run's conf. Loads on Airflow 2 and 3.
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
    """Read the request, then onboard its client. What each task returns is its XCom in the web page."""

    @task(multiple_outputs=False)  # one XCom, whatever keys a conf has
    def read_request(dag_run: Any = None) -> dict[str, Any]:
        """Return the DAG run's conf."""
        return dict(dag_run.conf)

    @task
    def onboard(request: dict[str, Any]) -> str:
        """Do the work, which here is to say so."""
        return f"onboarded {request.get('client', 'a client without a name')}"

    onboard(read_request())


onboarding()
