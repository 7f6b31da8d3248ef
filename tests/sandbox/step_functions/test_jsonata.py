"""The local Step Functions evaluates JSONata, and provides the context object to both query languages."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.skipped_waits import skip_retry_waits
from tests.support.local_aws.state_machines import Machines, create_function, create_role

EVENT = {"text": "quote \" apostrophe ' backslash \\ smile \U0001f600", "one": [1], "none": None}
ECHO = "def lambda_handler(event, context): return event\n"


def output_of(expression: object) -> dict[str, Any]:
    return {"Only": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": expression, "End": True}}


class TestExpressions:
    @pytest.mark.parametrize(
        ("expression", "output"),
        [
            pytest.param("{% {'t': $states.input.text} %}", {"t": EVENT["text"]}, id="any-text"),
            pytest.param("{% {'l': $states.input.one} %}", {"l": [1]}, id="list-of-one"),
            pytest.param("{% {'a': 1, 'b': $states.input.b} %}", {"a": 1}, id="no-undefined-field"),
            pytest.param({"n": "{% $states.input.none %}"}, {"n": None}, id="null-is-defined"),
            pytest.param({"k": "{% $keys($states.input) %}"}, {"k": list(EVENT)}, id="keys"),
            pytest.param("{% $range(1, 3, 1) %}", [1, 2, 3], id="function-of-step-functions"),
        ],
    )
    def test_are_evaluated(self, machines: Machines, expression: object, output: object) -> None:
        execution = machines.execute(machines.create("machine", output_of(expression)), EVENT)

        assert json.loads(execution["output"]) == output

    @pytest.mark.parametrize(
        ("expression", "cause"),
        [
            pytest.param("$states.input.b", "returned nothing (undefined)", id="undefined"),
            pytest.param("1 + 'a'", "must evaluate to a number", id="error"),
            pytest.param("function($x) { $x }", "not JSON serializable", id="not-json"),
            pytest.param("{'id': $uuid()}", "invoke a non-function", id="unsupported-function"),
        ],
    )
    def test_fail_like_on_aws(self, machines: Machines, expression: str, cause: str) -> None:
        states = output_of({"field": f"{{% {expression} %}}"})

        execution = machines.execute(machines.create("machine", states), EVENT)

        assert (execution["status"], execution["error"]) == (
            "FAILED",
            "States.QueryEvaluationError",
        )
        assert cause in execution["cause"]
        assert "the state 'Only'" in execution["cause"]

    def test_have_errors_that_can_be_caught(self, machines: Machines) -> None:
        function = create_function(machines.account, "echo", ECHO)
        task = {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": function, "Payload": "{% $states.input.missing %}"},
            "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
            "End": True,
        }
        caught = {"Type": "Pass", "Result": {"caught": True}, "End": True}

        execution = machines.execute(machines.create("machine", {"Task": task, "Caught": caught}))

        assert json.loads(execution["output"]) == {"caught": True}

    def test_can_assign_any_text_to_a_variable(self, machines: Machines) -> None:
        states = {
            "Assign": {
                "Type": "Pass",
                "QueryLanguage": "JSONata",
                "Assign": {"text": "{% $states.input.text %}"},
                "Next": "Only",
            },
            **output_of({"t": "{% $text %}"}),
        }

        execution = machines.execute(machines.create("machine", states), EVENT)

        assert json.loads(execution["output"]) == {"t": EVENT["text"]}


class TestTasks:
    def test_can_use_jsonata_and_jsonpath_in_one_state_machine(
        self, aws: AwsServer, machines: Machines
    ) -> None:
        target = Account(aws.url, TARGET_ACCOUNT)
        function = create_function(target, "echo", ECHO)
        machine = machines.arn("machine")
        states = {
            "Path": {
                "Type": "Pass",
                "Result": {"ready": True},
                "ResultPath": "$.status",
                "Next": "Task",
            },
            "Task": {
                "Type": "Task",
                "QueryLanguage": "JSONata",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Credentials": {"RoleArn": f"arn:aws:iam::{TARGET_ACCOUNT}:role/invoker"},
                "Arguments": {
                    "FunctionName": function,
                    "Payload": "{% {'status': $states.input.status, 'run_id': $states.input.run_id,"
                    " 'execution': $states.context.Execution.Id,"
                    " 'redrives': $states.context.Execution.RedriveCount,"
                    " 'state': $states.context.State.Name} %}",
                },
                "Output": "{% $merge([$states.result.Payload, {'input': $states.input}]) %}",
                "Next": "Path again",
            },
            "Path again": {"Type": "Pass", "OutputPath": "$", "End": True},
        }
        allow = {"Action": "sts:AssumeRole", "Resource": "*"}
        machines.create("machine", states, allow=[allow])
        role = f"arn:aws:iam::{machines.account.account_id}:role/machine"
        create_role(
            target,
            "invoker",
            trust={
                "Principal": {"AWS": role},
                "Condition": {"StringEquals": {"sts:ExternalId": machine}},
            },
            allow=[{"Action": "lambda:InvokeFunction", "Resource": function}],
        )

        execution = machines.execute(machine, {"a": 1})

        assert json.loads(execution["output"]) == {
            "status": {"ready": True},
            "execution": execution["executionArn"],
            "redrives": 0,
            "state": "Task",
            "input": {"a": 1, "status": {"ready": True}},
        }

    @pytest.mark.parametrize(
        ("language", "field", "payload"),
        [
            pytest.param(
                "JSONata",
                "Arguments",
                "{% {'attempt': $states.context.State.RetryCount} %}",
                id="JSONata",
            ),
            pytest.param(
                "JSONPath", "Parameters", {"attempt.$": "$$.State.RetryCount"}, id="JSONPath"
            ),
        ],
    )
    def test_have_the_retry_count_in_the_context(
        self,
        machines: Machines,
        monkeypatch: pytest.MonkeyPatch,
        language: str,
        field: str,
        payload: object,
    ) -> None:
        skip_retry_waits(monkeypatch)
        function = create_function(
            machines.account,
            "busy",
            "class Busy(Exception): pass\n"
            "attempts = []\n"
            "def lambda_handler(event, context):\n"
            "    attempts.append(event['attempt'])\n"
            "    if len(attempts) < 4: raise Busy\n"
            "    return attempts\n",
        )
        task = {
            "Type": "Task",
            "QueryLanguage": language,
            "Resource": "arn:aws:states:::lambda:invoke",
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 5}],
            field: {"FunctionName": function, "Payload": payload},
            "End": True,
        }
        allow = {"Action": "lambda:InvokeFunction", "Resource": function}

        execution = machines.execute(machines.create("machine", {"Task": task}, allow=[allow]))

        assert json.loads(execution["output"])["Payload"] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({"Parameters": {"start.$": "$$.Execution.StartTime"}}, id="JSONPath"),
        pytest.param(
            {
                "QueryLanguage": "JSONata",
                "Output": {"start": "{% $states.context.Execution.StartTime %}"},
            },
            id="JSONata",
        ),
    ],
)
def test_the_context_contains_the_start_time_as_text(
    machines: Machines, state: dict[str, Any]
) -> None:
    machine = machines.create("machine", {"Only": {"Type": "Pass", "End": True, **state}})

    execution = machines.execute(machine)

    start = datetime.fromisoformat(json.loads(execution["output"])["start"])
    assert abs((start - execution["startDate"]).total_seconds()) < 1


def test_a_definition_with_both_languages_is_valid(machines: Machines) -> None:
    states = {"Path": {"Type": "Pass", "Next": "Only"}, **output_of("{% $states.input %}")}

    response = machines.account.states.validate_state_machine_definition(
        definition=json.dumps({"StartAt": "Path", "States": states})
    )

    assert (response["result"], response["diagnostics"]) == ("OK", [])


def test_a_rejected_definition_does_not_affect_the_next_definition(machines: Machines) -> None:
    mixed = {"Type": "Pass", "QueryLanguage": "JSONata", "ResultPath": "$.x", "End": True}
    with pytest.raises(ClientError):
        machines.create("rejected", {"Only": mixed})

    plain = {"Type": "Pass", "Result": 1, "ResultPath": "$.x", "End": True}
    execution = machines.execute(machines.create("accepted", {"Only": plain}))

    assert json.loads(execution["output"]) == {"x": 1}
