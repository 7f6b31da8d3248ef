"""The actions `status` and `check` return the state of a DAG run."""

from __future__ import annotations

import json

from tests.e2e.conftest import Stack

DAG_RUN_SECONDS = 300.0
CHECK = {
    "action": "check",
    "mwaa_env_name": "sandbox",
    "triggered_at": "2026-01-01T10:00:00Z",
    "checked_at": "2026-01-01T11:00:00Z",
    "timeout_seconds": 60,
}
"""A poll after the time limit of the DAG run."""


def test_status_returns_the_state_of_a_dag_run(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="onboarding")
    run_id = json.loads(str(execution.output))["dag_run_id"]
    stack.airflow.wait_for_end("onboarding", run_id, DAG_RUN_SECONDS)
    event = {"action": "status", "mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}

    ended, _ = stack.invoke(**event, dag_run_id=run_id)
    unknown, error = stack.invoke(**event, dag_run_id="2026-01-01")

    assert (ended["state"], ended["final"]) == ("success", True)
    assert ended["start_date"] < ended["end_date"]
    assert (error, unknown["errorType"]) == ("Unhandled", "DagRunNotFound")


def test_check_names_the_failed_task_of_a_dag_run(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="repaired")
    run_id = json.loads(str(execution.output))["dag_run_id"]
    stack.airflow.wait_for_end("repaired", run_id, DAG_RUN_SECONDS)

    failed, error = stack.invoke(**CHECK, mwaa_dag_name="repaired", dag_run_id=run_id)

    assert (error, failed["errorType"]) == ("Unhandled", "DagRunFailed")
    assert "has failed in the task load. Clear" in failed["errorMessage"]


def test_check_after_the_time_limit_reports_that_the_dag_is_paused(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="paused")
    run_id = json.loads(str(execution.output))["dag_run_id"]

    late, error = stack.invoke(**CHECK, mwaa_dag_name="paused", dag_run_id=run_id)

    assert (error, late["errorType"]) == ("Unhandled", "DagRunTimedOut")
    assert "has not started, because its DAG is paused: unpause the DAG" in late["errorMessage"]
