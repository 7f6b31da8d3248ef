"""What `status` shows about an execution."""

from __future__ import annotations

import json

import pytest
from mwaa_dags.executions import describe_execution
from mwaa_dags.output import Output
from mwaa_dags.status import show_execution

from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.scripted import ARN, Responses, ScriptedAws, identity

EXECUTION = ARN.execution("one")
DESCRIBED = {
    "executionArn": EXECUTION,
    "status": "SUCCEEDED",
    "startDate": 1,
    "stopDate": 2,
    "input": json.dumps({"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}),
    "output": json.dumps({"dag_run_id": "one"}),
}
ENVIRONMENT = {"Environment": {"WebserverUrl": "airflow.example", "AirflowVersion": "3.0.6"}}


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
