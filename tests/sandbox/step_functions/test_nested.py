"""Tasks of the local Step Functions can start an execution and wait until it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines
from tests.support.waiting import wait_until

PREFIX = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}"
EXECUTIONS = f"{PREFIX}:execution:inner:*"
RULE = (
    f"arn:aws:events:{REGION}:{SOURCE_ACCOUNT}:rule/"
    "StepFunctionsGetEventsForStepFunctionsExecutionRule"
)
START = {
    "Start": {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {
            "StateMachineArn": f"{PREFIX}:stateMachine:inner",
            "Input": {"n": "{% $states.input.n %}"},
        },
        "End": True,
    }
}
PERMISSIONS: dict[str, Mapping[str, Any]] = {
    "states:StartExecution": {
        "Action": "states:StartExecution",
        "Resource": f"{PREFIX}:stateMachine:inner",
    },
    "states:DescribeExecution": {"Action": "states:DescribeExecution", "Resource": EXECUTIONS},
    "states:StopExecution": {"Action": "states:StopExecution", "Resource": EXECUTIONS},
    **{
        f"events:{action}": {"Action": f"events:{action}", "Resource": RULE}
        for action in ("PutTargets", "PutRule", "DescribeRule")
    },
}


def allowed_without(action: str | None = None) -> Sequence[Mapping[str, Any]]:
    return [statement for name, statement in PERMISSIONS.items() if name != action]


def pass_state(output: str) -> Mapping[str, Any]:
    return {"Pass": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}}


def executions(machines: Machines) -> Sequence[Mapping[str, Any]]:
    return machines.account.states.list_executions(stateMachineArn=machines.arn("inner"))[
        "executions"
    ]


def test_the_result_is_the_description_of_the_execution_with_parsed_output(
    machines: Machines,
) -> None:
    inner = machines.create("inner", pass_state("{% {'twice': $states.input.n * 2} %}"))
    outer = machines.create("outer", START, allow=allowed_without())

    ended = machines.execute(outer, {"n": 21})

    result = json.loads(ended["output"])
    (execution,) = executions(machines)
    assert result["ExecutionArn"] == execution["executionArn"]
    assert (result["StateMachineArn"], result["Status"]) == (inner, "SUCCEEDED")
    assert (result["Input"], result["Output"]) == ({"n": 21}, {"twice": 42})


def test_the_cause_of_a_failed_task_contains_the_error_of_the_execution(
    machines: Machines,
) -> None:
    machines.create("inner", {"Fail": {"Type": "Fail", "Error": "Busy", "Cause": "Too many"}})
    outer = machines.create("outer", START, allow=allowed_without())

    ended = machines.execute(outer, {"n": 1})

    cause = json.loads(ended["cause"])
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert (cause["Error"], cause["Cause"], cause["Status"]) == ("Busy", "Too many", "FAILED")


@pytest.mark.parametrize("action", [name for name in PERMISSIONS if "Stop" not in name])
def test_the_task_fails_without_each_permission(machines: Machines, action: str) -> None:
    machines.create("inner", pass_state("{% $states.input %}"))
    outer = machines.create("outer", START, allow=allowed_without(action))

    ended = machines.execute(outer, {"n": 1})

    assert ended["status"] == "FAILED"
    assert f"is not authorized to perform: {action} on resource" in ended["cause"]


@pytest.mark.parametrize(
    ("missing", "status"),
    [
        pytest.param(None, "ABORTED", id="with its permission"),
        pytest.param("states:StopExecution", "RUNNING", id="without its permission"),
    ],
)
def test_stopping_the_outer_execution_stops_the_inner_execution(
    machines: Machines, missing: str | None, status: str
) -> None:
    machines.create("inner", {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}})
    outer = machines.create("outer", START, allow=allowed_without(missing))
    started = machines.account.states.start_execution(stateMachineArn=outer, input='{"n": 1}')
    wait_until(lambda: len(executions(machines)) == 1)

    machines.account.states.stop_execution(executionArn=started["executionArn"])

    assert machines.ended(started["executionArn"])["status"] == "ABORTED"
    (execution,) = executions(machines)
    if missing:
        assert execution["status"] == status
        machines.account.states.stop_execution(executionArn=execution["executionArn"])
    assert machines.ended(execution["executionArn"])["status"] == "ABORTED"


def test_a_timeout_of_the_task_does_not_stop_the_inner_execution(machines: Machines) -> None:
    machines.create("inner", {"Wait": {"Type": "Wait", "Seconds": 3, "End": True}})
    limited = {"Start": {**START["Start"], "TimeoutSeconds": 1}}
    outer = machines.create("outer", limited, allow=allowed_without())

    ended = machines.execute(outer, {"n": 1})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    (execution,) = executions(machines)
    assert machines.ended(execution["executionArn"])["status"] == "SUCCEEDED"
