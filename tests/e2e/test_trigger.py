"""An execution in the source account creates one DAG run in the target account."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from mwaa_dags_trigger import __version__

from sandbox.mwaa.front import CLI_PATHS
from sandbox.mwaa.http import Request, Response
from tests.e2e.conftest import Stack, over_cli, over_rest

DAG_RUN_SECONDS = 300.0


def test_an_execution_creates_a_dag_run_that_succeeds(stack: Stack) -> None:
    conf = {"client": "acme"}

    execution = stack.execute(mwaa_dag_name="onboarding", mwaa_dag_conf=conf)

    assert execution.status == "SUCCEEDED", execution
    result = json.loads(str(execution.output))
    run = stack.airflow.wait_for_end("onboarding", result["dag_run_id"], DAG_RUN_SECONDS)
    assert (run.state, run.conf) == ("success", conf)
    assert result == {
        "mwaa_env_name": "sandbox",
        "mwaa_dag_name": "onboarding",
        "dag_run_id": run.run_id,
        "state": "queued",
        "created": True,
        "airflow_version": stack.sandbox.airflow.version,
        "transport": stack.transport,
        "package_version": __version__,
    }
    # Executions of other tests may still send commands.
    commands = [each for each in stack.sandbox.front.commands if run.run_id in each.argv]
    assert bool(commands) is (stack.transport == "cli")


def test_the_dag_run_has_exactly_the_conf_of_the_input(stack: Stack) -> None:
    conf = {
        "quotes": 'it\'s "quoted"',
        "backslashes": "C:\\new\\table \\' \\\"",
        "newlines": "one\ntwo\r\n\tthree",
        "émoji": "Zoë ☕ 🚀 \u2028",
        "injected flags": "' --run-id evil --conf '{}",
        "shell": "$(id) `id` ; id | id > /dev/null & %s {} !!",
        "types": {"null": None, "list": [1, 2.5, True], "deep": {"er": {}}},
        "": "",
    }
    before = set(stack.airflow.run_ids("paused"))

    execution = stack.execute(mwaa_dag_name="paused", mwaa_dag_conf=conf)

    assert execution.status == "SUCCEEDED", execution
    run_id = json.loads(str(execution.output))["dag_run_id"]
    run = stack.airflow.dag_run("paused", run_id)
    assert run is not None
    assert run.conf == conf
    assert set(stack.airflow.run_ids("paused")) - before == {run_id}


@over_cli
@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="missing"),
        pytest.param({"mwaa_dag_conf": {}}, id="empty"),
        pytest.param({"mwaa_dag_conf": None}, id="null"),
        pytest.param({"mwaa_dag_conf": "{}"}, id="string"),
    ],
)
def test_the_conf_is_optional(stack: Stack, given: dict[str, Any]) -> None:
    execution = stack.execute(mwaa_dag_name="paused", **given)

    run = stack.airflow.dag_run("paused", json.loads(str(execution.output))["dag_run_id"])
    assert run is not None
    assert run.conf == {}


@over_cli
def test_the_preliminary_task_runs_first_and_its_result_is_passed_on(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="paused")

    entered = {
        event["stateEnteredEventDetails"]["name"]: json.loads(
            event["stateEnteredEventDetails"]["input"]
        )
        for event in stack.history(execution.executionArn)
        if "stateEnteredEventDetails" in event
    }
    assert next(iter(entered)) == "RDS Hack Update Task"
    assert list(entered)[-1] == "Trigger MWAA DAG"
    assert entered["Trigger MWAA DAG"]["status"] == {"ready_for": "paused"}


def test_a_repeated_request_returns_the_existing_dag_run(stack: Stack) -> None:
    """Step Functions repeats a request if the first response was lost."""
    machine = stack.outputs["state_machine_arn"]
    event = {
        "mwaa_env_name": "sandbox",
        "mwaa_dag_name": "paused",
        "mwaa_dag_conf": {"a": 1},
        "execution_arn": f"{machine.replace(':stateMachine:', ':execution:')}:{uuid.uuid4()}",
        "state_name": "Trigger MWAA DAG",
    }

    (first, _), (second, _) = (stack.invoke(**event) for _ in range(2))

    assert first["created"] is True
    assert second["created"] is False
    assert first["dag_run_id"] == second["dag_run_id"]
    assert stack.airflow.run_ids("paused").count(first["dag_run_id"]) == 1


@pytest.mark.parametrize(
    "identity",
    [
        # Over the CLI, the function searches all runs for an id without a `_`.
        pytest.param(lambda: {"run_id": f"own-{uuid.uuid4()}"}, id="run id"),
        pytest.param(lambda: {"idempotency_key": f"order {uuid.uuid4()} é"}, id="key"),
    ],
)
def test_requests_with_the_same_identity_share_a_dag_run_if_their_conf_is_equal(
    stack: Stack, identity: Callable[[], dict[str, str]]
) -> None:
    event = {"mwaa_dag_name": "paused", **identity()}

    first = stack.execute(**event, mwaa_dag_conf={"a": 1})
    second = stack.execute(**event, mwaa_dag_conf={"a": 1})
    other = stack.execute(**event, mwaa_dag_conf={"a": 2})

    assert json.loads(str(first.output))["created"] is True
    assert json.loads(str(second.output))["created"] is False
    assert (other.status, other.error) == ("FAILED", "RunIdConflict")
    (run_id,) = {json.loads(str(one.output))["dag_run_id"] for one in (first, second)}
    assert stack.airflow.run_ids("paused").count(run_id) == 1


@over_cli
def test_a_redrive_returns_the_dag_run_of_a_command_that_was_reported_as_denied(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web server runs the command, and responds that it rejects the token."""
    front = stack.sandbox.front
    perform = front.perform

    def forbid(request: Request, action: Callable[[], Response]) -> Response:
        response = perform(request, action)
        return Response(HTTPStatus.FORBIDDEN) if request.path in CLI_PATHS else response

    before = stack.airflow.run_ids("paused")
    with monkeypatch.context() as patch:
        patch.setattr(front, "perform", forbid)
        execution = stack.execute(mwaa_dag_name="paused")
    assert (execution.status, execution.error) == ("FAILED", "AccessDenied")

    redriven = stack.redrive(execution)

    assert redriven.status == "SUCCEEDED", redriven
    result = json.loads(str(redriven.output))
    assert result["created"] is False
    assert set(stack.airflow.run_ids("paused")) - set(before) == {result["dag_run_id"]}


@over_cli
def test_an_input_with_a_misspelled_field_is_rejected(stack: Stack) -> None:
    before = stack.airflow.run_ids("paused")

    execution = stack.execute(mwaa_dag_name="paused", mwaa_dag_config={"a": 1})

    assert (execution.status, execution.error) == ("FAILED", "InvalidRequest")
    assert "Did you mean mwaa_dag_conf?" in str(execution.cause)
    assert stack.airflow.run_ids("paused") == before


@over_rest
def test_a_run_id_that_is_too_long_for_a_path_works_over_rest(stack: Stack) -> None:
    run_id = f"{'long-' * 10}{uuid.uuid4()}"

    executions = [stack.execute(mwaa_dag_name="paused", run_id=run_id) for _ in range(2)]

    results = [json.loads(str(execution.output)) for execution in executions]
    assert [result["created"] for result in results] == [True, False]


@over_cli
def test_the_run_of_a_paused_dag_stays_queued(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="paused")

    run = stack.airflow.dag_run("paused", json.loads(str(execution.output))["dag_run_id"])
    assert run is not None
    assert run.state == "queued"
