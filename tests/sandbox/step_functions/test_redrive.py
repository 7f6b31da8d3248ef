"""The local Step Functions redrives failed executions like AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws.skipped_waits import skip_retry_waits
from tests.support.local_aws.state_machines import Machines, create_function
from tests.support.waiting import wait_until

PREPARE = {
    "Type": "Pass",
    "QueryLanguage": "JSONata",
    "Assign": {"prepared": "{% $states.input.n %}"},
    "Output": {"n": "{% $states.input.n + 1 %}"},
    "Next": "Work",
}


def fails_until(redrives: int) -> Mapping[str, Any]:
    """Return two states. The second state fails until the execution has been redriven this many times."""
    work = {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": "{% $states.context.Execution.RedriveCount < "
        f"{redrives} ? $error('not repaired') : "
        "{'input': $states.input, 'prepared': $prepared, 'execution': $states.context.Execution} %}",
        "End": True,
    }
    return {"Prepare": PREPARE, "Work": work}


@pytest.fixture
def failed(machines: Machines) -> str:
    """The ARN of a failed execution that succeeds at its first redrive."""
    execution = machines.execute(machines.create("machine", fails_until(1)), {"n": 1})
    assert execution["status"] == "FAILED"
    return execution["executionArn"]


def test_a_redrive_continues_at_the_failed_state_with_its_input_and_the_variables(
    machines: Machines, failed: str
) -> None:
    execution = machines.redrive(failed)

    assert execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"])
    assert (output["input"], output["prepared"]) == ({"n": 2}, 1)
    assert [
        event["stateEnteredEventDetails"]["name"]
        for event in machines.history(failed)
        if event["type"] == "PassStateEntered"
    ] == ["Prepare", "Work", "Work"]


def test_a_redrive_keeps_arn_and_input_and_is_counted_in_the_context(
    machines: Machines, failed: str
) -> None:
    before = machines.account.states.describe_execution(executionArn=failed)

    after = machines.redrive(failed)

    context = json.loads(after["output"])["execution"]
    assert after["executionArn"] == failed
    assert (after["input"], after["startDate"]) == (before["input"], before["startDate"])
    assert (context["Id"], context["Input"]) == (failed, {"n": 1})
    assert context["RedriveCount"] == 1
    assert context["StartTime"] < context["RedriveTime"]


def test_a_redrive_continues_the_history(machines: Machines, failed: str) -> None:
    before = machines.history(failed)

    machines.redrive(failed)

    after = machines.history(failed)
    assert after[: len(before)] == before
    assert [event["id"] for event in after] == list(range(1, len(after) + 1))
    redriven, entered = after[len(before) : len(before) + 2]
    assert redriven["type"] == "ExecutionRedriven"
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert redriven["previousEventId"] == before[-1]["id"]
    assert entered["stateEnteredEventDetails"]["name"] == "Work"
    assert entered["previousEventId"] == redriven["id"]
    assert after[-1]["type"] == "ExecutionSucceeded"


def test_the_description_contains_the_redrives(machines: Machines, failed: str) -> None:
    before = machines.account.states.describe_execution(executionArn=failed)

    after = machines.redrive(failed)

    assert (before["redriveCount"], before["redriveStatus"]) == (0, "REDRIVABLE")
    assert "redriveDate" not in before
    assert (after["redriveCount"], after["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert after["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert before["stopDate"] < after["redriveDate"] < after["stopDate"]
    assert "error" not in after and "cause" not in after


def test_a_failed_redrive_can_be_redriven(machines: Machines) -> None:
    execution = machines.execute(machines.create("machine", fails_until(2)), {"n": 1})

    endings = [machines.redrive(execution["executionArn"]) for _ in range(2)]

    assert [ending["status"] for ending in endings] == ["FAILED", "SUCCEEDED"]
    assert [ending["redriveCount"] for ending in endings] == [1, 2]


def test_a_redrive_starts_with_all_retries(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_retry_waits(monkeypatch)
    function = create_function(
        machines.account,
        "busy",
        "class Busy(Exception): pass\n"
        "attempts = []\n"
        "def lambda_handler(event, context):\n"
        "    attempts.append([event['redrives'], event['retries']])\n"
        "    if len(attempts) < 4: raise Busy\n"
        "    return attempts\n",
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": function,
            "Payload": {
                "redrives.$": "$$.Execution.RedriveCount",
                "retries.$": "$$.State.RetryCount",
            },
        },
        "OutputPath": "$.Payload",
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
        "End": True,
    }
    allow = {"Action": "lambda:InvokeFunction", "Resource": function}
    execution = machines.execute(machines.create("machine", {"Task": task}, allow=[allow]))

    ending = machines.redrive(execution["executionArn"])

    assert (execution["status"], execution["error"]) == ("FAILED", "Busy")
    assert json.loads(ending["output"]) == [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.fixture
def waiting(machines: Machines) -> str:
    """The ARN of an execution that waits for a minute, but not after a redrive."""
    wait = {
        "Type": "Wait",
        "QueryLanguage": "JSONata",
        "Seconds": "{% $states.context.Execution.RedriveCount = 0 ? 60 : 0 %}",
        "End": True,
    }
    machine = machines.create("machine", {"Wait": wait})
    started = machines.account.states.start_execution(stateMachineArn=machine)
    execution = started["executionArn"]
    wait_until(
        lambda: "WaitStateEntered" in [event["type"] for event in machines.history(execution)]
    )
    return execution


def test_an_aborted_execution_can_be_redriven(machines: Machines, waiting: str) -> None:
    machines.account.states.stop_execution(executionArn=waiting)
    aborted = machines.ended(waiting)

    ending = machines.redrive(waiting)

    assert (aborted["status"], aborted["redriveStatus"]) == ("ABORTED", "REDRIVABLE")
    assert ending["status"] == "SUCCEEDED"


def test_a_running_execution_cannot_be_redriven(machines: Machines, waiting: str) -> None:
    with pytest.raises(machines.account.states.exceptions.ExecutionNotRedrivable):
        machines.redrive(waiting)

    machines.account.states.stop_execution(executionArn=waiting)


def test_a_succeeded_execution_cannot_be_redriven(machines: Machines, failed: str) -> None:
    machines.redrive(failed)

    with pytest.raises(ClientError, match="Execution is SUCCEEDED and cannot be redriven") as error:
        machines.redrive(failed)

    assert error.value.response["Error"]["Code"] == "ExecutionNotRedrivable"
