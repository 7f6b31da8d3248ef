"""Invalid and denied requests fail with a specific error, and change nothing."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.stack import ENVIRONMENT_NAME
from tests.e2e.conftest import Stack, on_the_default, over_cli


@on_the_default
@over_cli
@pytest.mark.parametrize(
    ("event", "message"),
    [
        pytest.param(
            {"mwaa_env_name": None, "mwaa_dag_name": "onboarding"},
            "mwaa_env_name",
            id="no-environment",
        ),
        pytest.param({}, "mwaa_dag_name", id="no-dag"),
        pytest.param({"mwaa_dag_name": 7}, "mwaa_dag_name", id="dag-a-number"),
        pytest.param({"mwaa_dag_name": "-h"}, "mwaa_dag_name", id="dag-an-option"),
        pytest.param(
            {"mwaa_dag_name": "onboarding", "mwaa_dag_conf": [1]}, "mwaa_dag_conf", id="conf-a-list"
        ),
        pytest.param(
            {"mwaa_dag_name": "onboarding", "mwaa_dag_conf": "x"},
            "mwaa_dag_conf",
            id="conf-no-json",
        ),
        pytest.param(
            {"mwaa_dag_name": "onboarding", "run_id": "a/b"}, "run_id", id="run-id-with-slash"
        ),
        pytest.param(
            {"mwaa_dag_name": "onboarding", "run_id": "scheduled__1"},
            "run_id",
            id="run-id-reserved",
        ),
    ],
)
def test_an_invalid_request_is_rejected_without_a_command(
    stack: Stack, event: dict[str, Any], message: str
) -> None:
    execution = stack.execute(**event)

    assert (execution.status, execution.error) == ("FAILED", "InvalidRequest")
    assert message in str(execution.cause)
    # Executions of other tests may still send commands.
    run_id_prefix = f"sfn__{execution.executionArn.rpartition(':')[2][:8]}"
    commands = [" ".join(command.argv) for command in stack.sandbox.front.commands]
    assert [command for command in commands if run_id_prefix in command] == []


@on_the_default
@over_cli
def test_an_unknown_environment_is_refused(stack: Stack) -> None:
    execution = stack.execute(mwaa_env_name="missing", mwaa_dag_name="onboarding")

    assert (execution.status, execution.error) == ("FAILED", "EnvironmentNotFound")
    assert "does not use MWAA environment missing. It uses sandbox." in str(execution.cause)
    assert json.loads(str(execution.cause))["stackTrace"] == []


def test_an_unknown_dag_is_reported(stack: Stack) -> None:
    execution = stack.execute(mwaa_dag_name="missing")

    assert (execution.status, execution.error) == ("FAILED", "DagNotFound")
    assert "sandbox" in str(execution.cause)
    assert "parse a new DAG file" in str(execution.cause)


@on_the_default
@over_cli
def test_another_external_id_is_denied(stack: Stack) -> None:
    state_machine = stack.outputs["state_machine_arn"]
    source_role = stack.sandbox.source_session(stack.outputs)
    sts = source_role.client("sts", endpoint_url=stack.sandbox.aws.url)
    assume = partial(
        sts.assume_role, RoleArn=stack.outputs["target_role_arn"], RoleSessionName="test"
    )

    assert assume(ExternalId=state_machine)["Credentials"]
    with pytest.raises(ClientError, match="AccessDenied"):
        assume(ExternalId=f"{state_machine}-other")


@on_the_default
@over_cli
def test_another_role_is_denied(stack: Stack) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        stack.source.sts.assume_role(
            RoleArn=stack.outputs["target_role_arn"],
            RoleSessionName="test",
            ExternalId=stack.outputs["state_machine_arn"],
        )


def test_the_role_that_the_source_assumes_can_only_invoke_the_function(stack: Stack) -> None:
    session = stack.sandbox.task_session(stack.outputs)
    url = stack.sandbox.aws.url
    mwaa = session.client("mwaa", endpoint_url=url, config=Config(inject_host_prefix=False))

    with pytest.raises(ClientError, match="not authorized to perform: airflow:GetEnvironment"):
        mwaa.get_environment(Name=ENVIRONMENT_NAME)
    with pytest.raises(ClientError, match="not authorized to perform: airflow:CreateCliToken"):
        mwaa.create_cli_token(Name=ENVIRONMENT_NAME)
    with pytest.raises(ClientError, match="not authorized to perform: airflow:InvokeRestApi"):
        mwaa.invoke_rest_api(Name=ENVIRONMENT_NAME, Path="/dags", Method="GET")
    response = session.client("lambda", endpoint_url=url).invoke(
        FunctionName=stack.outputs["function_arn"], Payload=b"{}"
    )
    assert "InvalidRequest" in response["Payload"].read().decode()


def test_no_log_contains_a_token_or_a_conf_value(stack: Stack) -> None:
    secret = "correct-horse-battery-staple"
    executions = [
        stack.execute(mwaa_dag_name=dag, mwaa_dag_conf={"password": secret})
        for dag in ("paused", "missing")
    ]
    function = stack.outputs["function_arn"].split(":")[6]  # followed by the alias

    events = stack.target.logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]

    messages = [json.loads(event["message"]) for event in events]
    of_function = [
        message for message in messages if message.get("logger", "").startswith("mwaa_dags_trigger")
    ]
    arns = {message.get("execution_arn") for message in of_function}
    assert arns >= {execution.executionArn for execution in executions}
    for confidential in (secret, *stack.sandbox.front.tokens):
        assert not [event for event in events if confidential in event["message"]]
