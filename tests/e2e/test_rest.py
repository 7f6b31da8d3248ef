"""The same, over MWAA's REST API: `transport = "rest"`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Stack
from tests.e2e.test_status import assert_status

DAG_RUN_SECONDS = 120.0


@pytest.fixture(scope="module")
def rest(stack: Stack) -> Iterator[Stack]:
    stack.deployment.apply(lambda *_: None, transport="rest")
    yield stack
    stack.deployment.apply(lambda *_: None)


def test_an_execution_ends_with_a_dag_run_that_succeeds(rest: Stack) -> None:
    conf = {"client": "Zoë ☕", "x": "' --run-id evil --conf '{}", "deep": {"er": [None, 1.5]}}
    commands, tokens = len(rest.sandbox.front.commands), len(rest.sandbox.front.tokens)

    execution = rest.execute(mwaa_dag_name="onboarding", mwaa_dag_conf=conf)

    assert execution.status == "SUCCEEDED", execution
    result = json.loads(str(execution.output))
    run = rest.airflow.wait_for_end("onboarding", result["dag_run_id"], DAG_RUN_SECONDS)
    assert (run.state, run.conf) == ("success", conf)
    assert (result["created"], result["transport"]) == (True, "rest")
    assert len(rest.sandbox.front.commands) == commands
    assert len(rest.sandbox.front.tokens) == tokens


def test_the_same_request_again_finds_its_dag_run_and_compares_its_conf(rest: Stack) -> None:
    run_id = f"own-{uuid.uuid4()}"
    event = {"mwaa_dag_name": "onboarding", "run_id": run_id}

    first = rest.execute(**event, mwaa_dag_conf={"a": 1})
    second = rest.execute(**event, mwaa_dag_conf={"a": 1})
    other = rest.execute(**event, mwaa_dag_conf={"a": 2})

    assert json.loads(str(first.output))["created"] is True
    assert json.loads(str(second.output))["created"] is False
    assert json.loads(str(second.output))["conf_compared"] is True
    assert (other.status, other.error) == ("FAILED", "RunIdConflict")
    assert rest.airflow.run_ids("onboarding").count(run_id) == 1


def test_a_second_plan_shows_no_changes(rest: Stack) -> None:
    assert rest.deployment.changes(transport="rest") == []


def test_a_dag_that_is_not_there(rest: Stack) -> None:
    execution = rest.execute(mwaa_dag_name="missing")

    assert (execution.status, execution.error) == ("FAILED", "DagNotFound")


def test_ids_that_do_not_fit_into_a_path(rest: Stack) -> None:
    run_id = f"{'long-' * 10}{uuid.uuid4()}"

    executions = [rest.execute(mwaa_dag_name="onboarding", run_id=run_id) for _ in range(2)]

    results = [json.loads(str(execution.output)) for execution in executions]
    assert [result["created"] for result in results] == [True, False]


def test_the_status_of_a_run(rest: Stack) -> None:
    assert_status(rest)
