"""What `status` shows about an execution."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from mwaa_dags.executions import describe_execution
from mwaa_dags.output import Output
from mwaa_dags.status import show_execution
from mwaa_dags.system import TRIGGER

from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.scripted import ARN, INVOKE, Responses, ScriptedAws, identity

EXECUTION = ARN.execution("one")
DESCRIBED = {
    "executionArn": EXECUTION,
    "status": "SUCCEEDED",
    "startDate": 1,
    "stopDate": 2,
    "input": json.dumps({"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}),
    "output": json.dumps({"dag_run_id": "one"}),
}
FAILED = {**DESCRIBED, "status": "FAILED", "output": "{}", "cause": "no"}
ENVIRONMENT = {"Environment": {"WebserverUrl": "airflow.example", "AirflowVersion": "3.0.6"}}


def history(
    *events: tuple[str, dict[str, str]], state: str = TRIGGER
) -> list[Mapping[str, object]]:
    """Return the history of one task."""
    entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": state}}
    task = [
        {"type": kind, f"{kind[0].lower()}{kind[1:]}EventDetails": each} for kind, each in events
    ]
    return [{"events": [{**each, "timestamp": 1} for each in (entered, *task)]}]


def show(capsys: pytest.CaptureFixture[str], aws: ScriptedAws, *, as_json: bool) -> str:
    operator = aws.operator()
    show_execution(
        operator, Output(as_json=as_json), describe_execution(operator.source, EXECUTION)
    )
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (TARGET_ACCOUNT, "https://airflow.example/dags/onboarding/runs/one"),
        (
            "333333333333",
            f"not known: --target-profile belongs to account 333333333333, not to {TARGET_ACCOUNT}.",
        ),
    ],
    ids=["target account", "another account"],
)
def test_the_link_leads_to_an_environment_of_the_target_account(
    capsys: pytest.CaptureFixture[str], account: str, words: str
) -> None:
    responses: Responses = {
        "DescribeExecution": [DESCRIBED],
        "GetExecutionHistory": [{"events": []}],
        "GetCallerIdentity": [identity(account)],
        "GET /environments/sandbox": [ENVIRONMENT],
    }
    with ScriptedAws(responses) as aws:
        shown = show(capsys, aws, as_json=False)

    assert words in shown
    assert ("https://" in shown) is (account == TARGET_ACCOUNT)


@pytest.mark.parametrize(
    ("events", "exists"),
    [
        ([("TaskFailed", {"error": "OutcomeUnknown", "cause": "lost"})], None),
        ([("TaskFailed", {"error": "DagNotFound", "cause": "unknown"})], False),
        ([], False),
        ([("TaskScheduled", {})], None),
        ([("TaskSucceeded", {"output": '{"dag_run_id": "one"}'})], True),
    ],
    ids=["lost response", "certain error", "not requested", "in progress", "created"],
)
def test_the_json_says_whether_the_dag_run_exists(
    capsys: pytest.CaptureFixture[str],
    events: list[tuple[str, dict[str, str]]],
    exists: bool | None,
) -> None:
    responses: Responses = {
        "DescribeExecution": [{**FAILED, "error": "Preliminary"}],
        "GetExecutionHistory": history(*events),
        "GetCallerIdentity": [identity("333333333333")],
    }
    with ScriptedAws(responses) as aws:
        shown = json.loads(show(capsys, aws, as_json=True))

    assert shown["dag_run_exists"] is exists


def test_the_json_has_the_params_of_a_dag_that_rejected_a_conf(
    capsys: pytest.CaptureFixture[str],
) -> None:
    responses: Responses = {
        "DescribeExecution": [{**FAILED, "error": "CommandRejected"}],
        "GetExecutionHistory": history(),
        "GetCallerIdentity": [identity(TARGET_ACCOUNT)],
        INVOKE: [{"params": {"client": "string, required"}}],
    }
    with ScriptedAws(responses) as aws:
        shown = json.loads(show(capsys, aws, as_json=True))

    assert shown["params"] == {"client": "string, required"}


def test_a_state_that_was_renamed_after_the_start_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = ("TaskFailed", {"error": "Preliminary", "cause": "not yet"})
    responses: Responses = {
        "DescribeExecution": [{**DESCRIBED, "status": "RUNNING", "output": None}],
        "GetExecutionHistory": history(failed, state="Old Name"),
    }
    with ScriptedAws(responses) as aws:
        shown = show(capsys, aws, as_json=False)

    assert "now      attempt 1 failed, Preliminary: not yet" in shown
