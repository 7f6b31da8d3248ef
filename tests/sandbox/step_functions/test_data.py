"""The local Step Functions limits input, arguments, result and output of a state to 262,144 bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.step_functions.distributed_maps import (
    ALL_PERMISSIONS,
    WRITER,
    distributed_map,
    map_run,
    results,
)
from tests.support.local_aws.state_machines import Machines, create_function

JSONATA = {"QueryLanguage": "JSONata", "End": True}
TEXT = "x" * 140_000
TWICE = "{% $states.input.text & $states.input.text %}"


def task(resource: str, **fields: Any) -> dict[str, Any]:
    return {"Task": {"Type": "Task", "Resource": resource, **JSONATA, **fields}}


def test_the_limit_applies_to_utf_8_without_escapes(machines: Machines) -> None:
    machine = machines.create("machine", {"Pass": {"Type": "Pass", "End": True}})
    text = "ü" * 131_000

    started = machines.account.states.start_execution(
        stateMachineArn=machine, input=json.dumps({"text": text}, ensure_ascii=False)
    )

    execution = machines.ended(started["executionArn"])
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", {"text": text})


@pytest.mark.parametrize(
    ("states", "cause"),
    [
        pytest.param(
            task(
                "arn:aws:states:::lambda:invoke", Arguments={"FunctionName": "f", "Payload": TWICE}
            ),
            "The state/task 'Task' has arguments with a size exceeding",
            id="arguments",
        ),
        pytest.param(
            task("arn:aws:lambda:eu-central-1:111111111111:function:f", Arguments=TWICE),
            "The state/task 'Task' has arguments with a size exceeding",
            id="arguments-of-a-function",
        ),
        pytest.param(
            {"Pass": {"Type": "Pass", **JSONATA, "Output": {"text": TWICE}}},
            "The state/task 'Pass' returned a result with a size exceeding",
            id="output",
        ),
    ],
)
def test_a_state_with_too_much_data_fails(
    machines: Machines, states: dict[str, Any], cause: str
) -> None:
    execution = machines.execute(machines.create("machine", states), {"text": TEXT})

    assert (execution["status"], execution["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert cause in execution["cause"]


def test_a_child_of_a_map_with_a_large_item_fails(machines: Machines, bucket: None) -> None:
    states = distributed_map(
        {"Item": {"Type": "Pass", **JSONATA, "Output": {}}},
        ItemSelector={"text": TWICE},
        ResultWriter=WRITER,
        ToleratedFailureCount=1,
    )
    machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

    ended = machines.execute(machine, {"items": [1], "text": TEXT})

    [failed] = results(machines, map_run(machines, ended["executionArn"])["mapRunArn"])["FAILED"]
    assert failed["Error"] == "States.DataLimitExceeded"
    assert "The state/task 'Item' has input with a size exceeding" in failed["Cause"]


def test_a_task_with_a_large_result_fails(machines: Machines) -> None:
    code = "def lambda_handler(event, context): return 'r' * 262144"
    function = create_function(machines.account, "function", code)
    allow = [{"Action": "lambda:InvokeFunction", "Resource": function}]
    states = task(
        "arn:aws:states:::lambda:invoke", Arguments={"FunctionName": function, "Payload": {}}
    )

    execution = machines.execute(machines.create("machine", states, allow=allow))

    assert (execution["status"], execution["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert "The state/task 'lambda' returned a result with a size exceeding" in execution["cause"]
