"""The local Step Functions runs a state machine with its role, and a task with the role in its credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import PRELIMINARY_FUNCTION, REGION, SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import create_function, create_role

PRELIMINARY_ARN = f"arn:aws:lambda:{REGION}:{SOURCE_ACCOUNT}:function:{PRELIMINARY_FUNCTION}"
MACHINE_ARN = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:machine"
TIMEOUT = 300.0


def run_machine(
    source: Account, *, states: dict[str, Any], role: str, event: Mapping[str, Any] | None = None
) -> Any:
    definition = {"StartAt": next(iter(states)), "States": states}
    source.states.create_state_machine(
        name="machine", definition=json.dumps(definition), roleArn=role
    )
    return source.execute(MACHINE_ARN, {} if event is None else event, name="one", timeout=TIMEOUT)


def machine_role(source: Account, **allow: Any) -> str:
    return create_role(
        source, "machine", trust={"Principal": {"Service": "states.amazonaws.com"}}, allow=[allow]
    )


def test_a_process_has_one_local_aws_at_a_time(aws: AwsServer) -> None:
    """moto stores its state in the process, so a second server would reset the accounts of the first."""
    with pytest.raises(RuntimeError, match="stop it first"), AwsServer():
        pass


def test_an_execution_without_a_name_gets_a_unique_name(source: Account) -> None:
    role = machine_role(source, Action="lambda:InvokeFunction", Resource="*")
    run_machine(source, states={"Only": {"Type": "Succeed"}}, role=role)

    arns = {
        source.states.start_execution(stateMachineArn=MACHINE_ARN)["executionArn"] for _ in range(2)
    }

    assert len(arns) == 2
    assert not [arn for arn in arns if arn.endswith(":None")]


def test_a_task_runs_with_the_role_of_the_state_machine(source: Account) -> None:
    role = machine_role(source, Action="lambda:InvokeFunction", Resource=PRELIMINARY_ARN)
    task = {"Type": "Task", "Resource": PRELIMINARY_ARN, "End": True}

    execution = run_machine(source, states={"Task": task}, role=role, event={"mwaa_dag_name": "d"})

    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"ready_for": "d"}


def test_a_task_fails_if_the_role_lacks_its_permission(source: Account) -> None:
    role = machine_role(source, Action="lambda:InvokeFunction", Resource=f"{PRELIMINARY_ARN}-other")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": PRELIMINARY_ARN},
        "End": True,
    }

    execution = run_machine(source, states={"Task": task}, role=role)

    assert execution["status"] == "FAILED"
    assert execution["error"] == "Lambda.AccessDeniedException"
    assert "not authorized to perform: lambda:InvokeFunction" in execution["cause"]


@pytest.mark.parametrize(
    ("external_id", "status"),
    [
        pytest.param(MACHINE_ARN, "SUCCEEDED", id="own-arn"),
        pytest.param(f"{MACHINE_ARN}-other", "FAILED", id="other-arn"),
    ],
)
def test_the_role_of_a_task_is_assumed_with_the_state_machine_as_external_id(
    source: Account, target: Account, external_id: str, status: str
) -> None:
    function = create_function(
        target, "function", "def lambda_handler(event, context): return event\n"
    )
    role = machine_role(source, Action="sts:AssumeRole", Resource="*")
    invoker = create_role(
        target,
        "invoker",
        trust={
            "Principal": {"AWS": role},
            "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
        },
        allow=[{"Action": "lambda:InvokeFunction", "Resource": function}],
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Credentials": {"RoleArn": invoker},
        "Parameters": {"FunctionName": function, "Payload.$": "$$.Execution.RedriveCount"},
        "OutputPath": "$.Payload",
        "End": True,
    }

    execution = run_machine(source, states={"Task": task}, role=role)

    assert execution["status"] == status
    if status == "SUCCEEDED":
        assert execution["output"] == "0"
    else:
        assert execution["error"] == "States.TaskFailed"
        assert execution["cause"] == (
            f"The role {role} is not authorized to assume the task state's role, {invoker}."
        )


def test_an_execution_fails_if_the_role_does_not_trust_the_state_machine(source: Account) -> None:
    role = create_role(
        source,
        "machine",
        trust={
            "Principal": {"Service": "states.amazonaws.com"},
            "Condition": {"ArnEquals": {"aws:SourceArn": f"{MACHINE_ARN}-other"}},
        },
        allow=[{"Action": "*", "Resource": "*"}],
    )
    task = {"Type": "Task", "Resource": PRELIMINARY_ARN, "End": True}

    execution = run_machine(source, states={"Task": task}, role=role)

    assert execution["status"] == "FAILED"
    assert "not authorized to assume the provided role" in execution["cause"]
