"""An execution that waits ends with its DAG run, and continues after the DAG run is repaired."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.conftest import EXECUTION_SECONDS, Stack, while_waiting

CHECK, WAIT = "Check DAG Run", "Wait for DAG Run"


def entered(events: list[Any]) -> list[str]:
    """Return the names of the entered states, in their order."""
    details = (event.get("stateEnteredEventDetails") for event in events)
    return [detail["name"] for detail in details if detail]


def waiting_run(stack: Stack, execution_arn: str) -> str:
    """Wait until the execution waits, and return the id of its DAG run."""
    deadline = time.monotonic() + EXECUTION_SECONDS
    while time.monotonic() < deadline:
        for event in stack.history(execution_arn):
            details = event.get("stateEnteredEventDetails", {})
            if details.get("name") == WAIT:
                return str(json.loads(details["input"])["dag_run_id"])
        time.sleep(0.25)
    raise TimeoutError("The execution does not wait.")


def change(stack: Stack, method: str, path: str, body: object = None) -> None:
    """Change something in Airflow, like a user."""
    stack.airflow.call(method, path, body=body).raise_for_status()


@pytest.fixture(scope="module")
def started(stack: Stack) -> dict[str, str]:
    """Executions that wait for a DAG run at the same time, by the fate of the DAG run."""
    states, machine = stack.source.states, stack.outputs["state_machine_arn"]
    dags = {"deleted": "paused", "fails": "repaired", "succeeds": "onboarding"}
    arns = {end: stack.start(mwaa_dag_name=dag) for end, dag in dags.items()}
    for arn in arns.values():
        waiting_run(stack, arn)
    # An execution keeps the definition with which it started.
    deployed = states.describe_state_machine(stateMachineArn=machine)["definition"]
    shorter = deployed.replace("'timeout_seconds': 300", "'timeout_seconds': 5")
    assert shorter != deployed
    states.update_state_machine(stateMachineArn=machine, definition=shorter)
    arns["never starts"] = stack.start(mwaa_dag_name="paused")
    waiting_run(stack, arns["never starts"])
    states.update_state_machine(stateMachineArn=machine, definition=deployed)
    return arns


@while_waiting
def test_an_execution_returns_the_facts_of_a_successful_dag_run(
    stack: Stack, started: dict[str, str]
) -> None:
    execution = stack.ended(started["succeeds"])

    assert execution.status == "SUCCEEDED", execution
    output = json.loads(str(execution.output))
    run = stack.airflow.dag_run("onboarding", output["dag_run_id"])
    assert run is not None
    assert (output["state"], output["final"], output["created"]) == (run.state, True, True)
    assert run.state == "success"
    assert output["triggered_at"] < output["end_date"]
    assert output["duration_seconds"] > 0


@while_waiting
def test_a_redrive_after_the_repair_of_a_failed_dag_run_succeeds_without_a_second_run(
    stack: Stack, started: dict[str, str]
) -> None:
    failed = stack.ended(started["fails"])
    before = stack.history(failed.executionArn)
    run_id = waiting_run(stack, failed.executionArn)
    clear = {"dag_run_id": run_id, "only_failed": True, "reset_dag_runs": True, "dry_run": False}
    change(stack, "POST", "/dags/repaired/clearTaskInstances", clear)
    redriven = stack.redrive(failed)

    assert (failed.status, failed.error) == ("FAILED", "DagRunFailed")
    assert f"DAG run {run_id} of DAG repaired" in str(failed.cause)
    assert "has failed in the task load. Clear its failed tasks" in str(failed.cause)
    assert redriven.status == "SUCCEEDED", redriven
    output = json.loads(str(redriven.output))
    assert (output["dag_run_id"], output["state"]) == (run_id, "success")
    assert stack.airflow.run_ids("repaired").count(run_id) == 1
    after = stack.history(failed.executionArn)[len(before) :]
    assert entered(after)[0] == CHECK
    assert "Trigger MWAA DAG" not in entered(after)


@while_waiting
def test_a_redrive_after_a_timeout_waits_again(stack: Stack, started: dict[str, str]) -> None:
    timed_out = stack.ended(started["never starts"])
    run_id = waiting_run(stack, timed_out.executionArn)
    change(stack, "PATCH", f"/dags/paused/dagRuns/{run_id}", {"state": "success"})
    redriven = stack.redrive(timed_out)

    assert (timed_out.status, timed_out.error) == ("FAILED", "DagRunTimedOut")
    assert "has not started, because its DAG is paused: unpause the DAG" in str(timed_out.cause)
    assert redriven.status == "SUCCEEDED", redriven


@while_waiting
def test_a_deleted_dag_run_is_reported_as_not_found(stack: Stack, started: dict[str, str]) -> None:
    run_id = waiting_run(stack, started["deleted"])
    change(stack, "DELETE", f"/dags/paused/dagRuns/{run_id}")
    execution = stack.ended(started["deleted"])

    assert (execution.status, execution.error) == ("FAILED", "DagRunNotFound")


@while_waiting
def test_each_poll_adds_the_expected_number_of_events_to_the_history(
    stack: Stack, started: dict[str, str]
) -> None:
    """The number is `events_per_poll` in modules/source."""
    events = stack.history(stack.ended(started["succeeds"]).executionArn)
    ends = ("WaitStateEntered", "SucceedStateEntered")
    polls = [number for number, event in enumerate(events) if event["type"] in ends]

    assert {after - before for before, after in pairwise(polls)} == {9}
