"""Executions that are stopped between two steps are aborted instead of failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from threading import Event
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.eval.environment import Environment

from sandbox.aws import AwsServer
from tests.sandbox.step_functions.distributed_maps import (
    ALL_PERMISSIONS,
    MACHINE,
    counts,
    distributed_map,
    item_reader,
    items,
    map_run,
)
from tests.support.local_aws.state_machines import Machines
from tests.support.waiting import TIMEOUT, wait_until

# Expressions that wait: one until its execution is stopped, the other until the first expression is reached.
UNTIL_STOPPED = "wait until the execution is stopped"
UNTIL_REACHED = "wait until the other expression is reached"


@pytest.fixture
def reached(aws: AwsServer) -> Iterator[Event]:
    """Make expressions with these texts wait. The event is set when the first of them is reached."""
    reached = Event()
    evaluate = StringJSONata._eval_body

    def wait_and_evaluate(expression: StringJSONata, env: Environment) -> None:
        if UNTIL_STOPPED in expression.expression:
            reached.set()
            wait_until(lambda: not env.is_running())
        if UNTIL_REACHED in expression.expression:
            wait_until(reached.is_set)
        evaluate(expression, env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StringJSONata, "_eval_body", wait_and_evaluate)
        yield reached


FAILING = f"{{% $error('{UNTIL_STOPPED}') %}}"
PASS = {"Type": "Pass", "QueryLanguage": "JSONata", "End": True}
TASK: dict[str, Any] = {
    "Type": "Task",
    "QueryLanguage": "JSONata",
    "Resource": "arn:aws:states:::states:startExecution",
    "Arguments": {"StateMachineArn": MACHINE},
    "End": True,
}
CATCH = {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}
STATES: dict[str, Mapping[str, Any]] = {
    "a state that fails": {"Held": {**PASS, "Output": FAILING}},
    "a task whose error is caught": {
        "Held": {**TASK, "Arguments": FAILING, "Catch": [CATCH]},
        "Caught": {"Type": "Fail", "Error": "Caught"},
    },
    "a task with another expression": {
        "Held": {**TASK, "TimeoutSeconds": f"{{% ('{UNTIL_STOPPED}'; 60) %}}"}
    },
}


@pytest.mark.parametrize("held", STATES.values(), ids=STATES)
def test_a_running_child_is_aborted_if_the_map_fails(
    machines: Machines, reached: Event, held: Mapping[str, Any]
) -> None:
    choice = {
        "Type": "Choice",
        "QueryLanguage": "JSONata",
        "Choices": [{"Condition": "{% $states.input.fails > 0 %}", "Next": "Wrong"}],
        "Default": "Held",
    }
    wrong = {
        "Type": "Fail",
        "QueryLanguage": "JSONata",
        "Error": "Wrong",
        "Cause": f"{{% '{UNTIL_REACHED}' %}}",
    }
    states = distributed_map({"Choice": choice, "Wrong": wrong, **held}, MaxConcurrency=2)
    machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

    ended = machines.execute(machine, items(0, 1))

    assert ended["error"] == "States.ExceedToleratedFailureThreshold"
    assert counts(machines, ended["executionArn"]) == {"failed": 1, "aborted": 1}


@pytest.mark.parametrize("held", STATES.values(), ids=STATES)
def test_a_stopped_execution_is_aborted(
    machines: Machines, reached: Event, held: Mapping[str, Any]
) -> None:
    machine = machines.create("machine", held, allow=ALL_PERMISSIONS)
    started = machines.account.states.start_execution(stateMachineArn=machine)
    wait_until(reached.is_set)

    machines.account.states.stop_execution(executionArn=started["executionArn"])

    assert machines.ended(started["executionArn"])["status"] == "ABORTED"


def test_an_execution_that_waits_for_a_retry_can_be_stopped(machines: Machines) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": round(2 * TIMEOUT)}
    arguments = {"StateMachineArn": machines.arn("missing")}
    held = {"Held": {**TASK, "Arguments": arguments, "Retry": [retry]}}
    machine = machines.create("machine", held, allow=ALL_PERMISSIONS)
    started = machines.account.states.start_execution(stateMachineArn=machine)
    execution = started["executionArn"]
    wait_until(lambda: any(e["type"] == "TaskFailed" for e in machines.history(execution)))

    machines.account.states.stop_execution(executionArn=execution)

    assert machines.ended(execution)["status"] == "ABORTED"


def test_a_task_that_is_stopped_keeps_its_time_limit_in_the_history(
    machines: Machines, reached: Event
) -> None:
    arguments = {**TASK["Arguments"], "Input": {"text": f"{{% '{UNTIL_STOPPED}' %}}"}}
    held = {**TASK, "Arguments": arguments, "TimeoutSeconds": 60}
    machine = machines.create("machine", {"Held": held}, allow=ALL_PERMISSIONS)
    states = machines.account.states
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    wait_until(reached.is_set)

    states.stop_execution(executionArn=execution)

    def time_limits() -> list[int]:
        events = states.get_execution_history(executionArn=execution)["events"]
        scheduled = [
            event["taskScheduledEventDetails"]
            for event in events
            if event["type"] == "TaskScheduled"
        ]
        return [details["timeoutInSeconds"] for details in scheduled]

    wait_until(lambda: time_limits() == [60])


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(
            {"ItemReader": item_reader(f"{{% '{UNTIL_STOPPED}' %}}", InputType="JSON")},
            id="reads items",
        ),
        pytest.param({"ItemSelector": {"a": f"{{% '{UNTIL_STOPPED}' %}}"}}, id="selects items"),
    ],
)
def test_a_map_run_is_aborted_if_its_execution_is_stopped_while_it(
    machines: Machines, bucket: None, reached: Event, fields: Mapping[str, Any]
) -> None:
    machine = machines.create("machine", distributed_map(**fields), allow=ALL_PERMISSIONS)
    started = machines.account.states.start_execution(
        stateMachineArn=machine, input=json.dumps(items(0))
    )
    wait_until(reached.is_set)

    machines.account.states.stop_execution(executionArn=started["executionArn"])

    assert machines.ended(started["executionArn"])["status"] == "ABORTED"
    assert map_run(machines, started["executionArn"])["status"] == "ABORTED"
