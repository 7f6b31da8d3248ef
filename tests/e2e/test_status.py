"""`action: "status"` says how far a DAG run is."""

from __future__ import annotations

import json

from tests.e2e.conftest import Stack

DAG_RUN_SECONDS = 300.0


def test_the_status_of_a_run(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="onboarding")
    run_id = json.loads(str(execution.output))["dag_run_id"]
    stack.airflow.wait_for_end("onboarding", run_id, DAG_RUN_SECONDS)
    event = {"action": "status", "mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}

    ended, _ = stack.invoke(**event, dag_run_id=run_id)
    unknown, error = stack.invoke(**event, dag_run_id="2026-01-01")

    assert (ended["state"], ended["final"]) == ("success", True)
    assert ended["start_date"] < ended["end_date"]
    assert (error, unknown["errorType"]) == ("Unhandled", "DagRunNotFound")
