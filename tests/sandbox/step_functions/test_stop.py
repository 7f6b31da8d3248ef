"""The local Step Functions: what is stopped between two of its steps is aborted, and has not failed."""

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
    ALL,
    MACHINE,
    counts,
    distributed,
    items,
    read,
    run_of,
)
from tests.support.local_aws.state_machines import Machines
from tests.support.waiting import wait_until

# The expressions that wait: one until its execution is stopped, the other until the first is reached.
HELD = "held until the stop"
AFTER = "after the held one"


@pytest.fixture
def reached(aws: AwsServer) -> Iterator[Event]:
    """Hold expressions by the text in them; set once a held one is reached."""
    reached = Event()
    evaluate = StringJSONata._eval_body

    def evaluate_in_turn(expression: StringJSONata, env: Environment) -> None:
        if HELD in expression.expression:
            reached.set()
            wait_until(lambda: not env.is_running())
        if AFTER in expression.expression:
            wait_until(reached.is_set)
        evaluate(expression, env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StringJSONata, "_eval_body", evaluate_in_turn)
        yield reached


FAILING = f"{{% $error('{HELD}') %}}"
PASS = {"Type": "Pass", "QueryLanguage": "JSONata", "End": True}
TASK = {
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
    "a task with more to evaluate": {"Held": {**TASK, "TimeoutSeconds": f"{{% ('{HELD}'; 60) %}}"}},
}


@pytest.mark.parametrize("held", STATES.values(), ids=STATES)
def test_a_child_of_a_map_that_fails_is_aborted(
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
        "Cause": f"{{% '{AFTER}' %}}",
    }
    states = distributed({"Choice": choice, "Wrong": wrong, **held}, MaxConcurrency=2)
    machine = machines.create("machine", states, allow=ALL)

    ended = machines.execute(machine, items(0, 1))

    assert ended["error"] == "States.ExceedToleratedFailureThreshold"
    assert counts(machines, ended["executionArn"]) == {"failed": 1, "aborted": 1}


@pytest.mark.parametrize("held", STATES.values(), ids=STATES)
def test_an_execution_is_aborted(
    machines: Machines, reached: Event, held: Mapping[str, Any]
) -> None:
    machine = machines.create("machine", held, allow=ALL)
    started = machines.account.states.start_execution(stateMachineArn=machine)
    wait_until(reached.is_set)

    machines.account.states.stop_execution(executionArn=started["executionArn"])

    assert machines.ended(started["executionArn"])["status"] == "ABORTED"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"ItemReader": read(f"{{% '{HELD}' %}}", InputType="JSON")}, id="reads"),
        pytest.param({"ItemSelector": {"a": f"{{% '{HELD}' %}}"}}, id="selects"),
    ],
)
def test_a_map_run_is_aborted_where_it(
    machines: Machines, bucket: None, reached: Event, fields: Mapping[str, Any]
) -> None:
    machine = machines.create("machine", distributed(**fields), allow=ALL)
    started = machines.account.states.start_execution(
        stateMachineArn=machine, input=json.dumps(items(0))
    )
    wait_until(reached.is_set)

    machines.account.states.stop_execution(executionArn=started["executionArn"])

    assert machines.ended(started["executionArn"])["status"] == "ABORTED"
    assert run_of(machines, started["executionArn"])["status"] == "ABORTED"
