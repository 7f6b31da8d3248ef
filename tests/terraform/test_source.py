"""The source account: the definition of the state machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from typing import Any

import boto3
import pytest
from mwaa_dags_trigger.errors import TriggerError

from sandbox.aws import AwsServer
from tests.terraform.planner import Plan
from tests.terraform.values import like

TRIGGER = "Trigger MWAA DAG"


RunStates = Callable[[dict[str, Any], dict[str, Any]], Any]


@pytest.fixture
def run_states() -> Iterator[RunStates]:
    """Runs a definition without tasks and returns the execution's output."""
    with AwsServer() as aws:
        states = boto3.client(
            "stepfunctions",
            endpoint_url=aws.url,
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

        def run(definition: dict[str, Any], sent: dict[str, Any]) -> Any:
            arn = states.create_state_machine(
                name="states",
                definition=json.dumps(definition),
                roleArn="arn:aws:iam::123456789012:role/any",
            )["stateMachineArn"]
            execution = states.start_execution(stateMachineArn=arn, input=json.dumps(sent))
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                answer = states.describe_execution(executionArn=execution["executionArn"])
                if answer["status"] != "RUNNING":
                    return json.loads(answer["output"])
                time.sleep(0.02)
            raise TimeoutError("the execution is still running")

        with closing(states):
            yield run


def states_in_order(definition: dict[str, Any]) -> list[str]:
    order = [definition["StartAt"]]
    while following := definition["States"][order[-1]].get("Next"):
        order.append(following)
    return order


def retried_errors(state: dict[str, Any]) -> list[str]:
    return list(chain.from_iterable(retrier["ErrorEquals"] for retrier in state["Retry"]))


class TestDefinition:
    def test_preliminary_tasks_run_in_their_order_before_the_trigger(
        self, modules_plan: Plan
    ) -> None:
        definition = modules_plan.definition("module.busy.aws_sfn_state_machine.this")

        assert states_in_order(definition) == [
            'Check "quota"',
            "Back\\slash ${name} %{if}",
            "Prüfen",
            "Wrap Input",
            "Fill In Defaults",
            TRIGGER,
        ]
        assert set(states_in_order(definition)) == set(definition["States"])

    def test_without_preliminary_tasks_it_starts_with_the_defaults(
        self, modules_plan: Plan
    ) -> None:
        definition = modules_plan.definition("module.plain.aws_sfn_state_machine.this")

        assert states_in_order(definition) == ["Wrap Input", "Fill In Defaults", TRIGGER]

    def test_a_preliminary_task_is_its_function_with_its_result_path(
        self, sandbox_plan: Plan
    ) -> None:
        expected = {
            "Type": "Task",
            "Resource": "arn:aws:lambda:eu-central-1:111111111111:function:rds-hack-update",
            "ResultPath": "$.status",
        }

        task = sandbox_plan.definition()["States"]["RDS Hack Update Task"]
        assert like(task, expected) == expected

    def test_a_result_without_a_path_is_dropped_and_the_input_kept(
        self, modules_plan: Plan
    ) -> None:
        definition = modules_plan.definition("module.busy.aws_sfn_state_machine.this")

        assert definition["States"]["Prüfen"]["ResultPath"] is None

    def test_a_preliminary_task_is_retried_after_errors_of_lambda_only(
        self, sandbox_plan: Plan
    ) -> None:
        task = sandbox_plan.definition()["States"]["RDS Hack Update Task"]

        assert retried_errors(task) == [
            "Lambda.AWSLambdaException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.ServiceException",
            "Lambda.TooManyRequestsException",
        ]

    def test_the_trigger_invokes_the_targets_function_as_the_targets_role(
        self, sandbox_plan: Plan
    ) -> None:
        expected = {
            "Resource": "arn:aws:states:::lambda:invoke",
            "Credentials": {"RoleArn": sandbox_plan.outputs["target_role_arn"]},
            "Parameters": {"FunctionName": sandbox_plan.outputs["function_arn"]},
            "OutputPath": "$.Payload",
            "End": True,
        }

        trigger = sandbox_plan.definition()["States"][TRIGGER]
        assert like(trigger, expected) == expected

    def test_the_trigger_sends_the_request_and_what_identifies_it(self, sandbox_plan: Plan) -> None:
        assert sandbox_plan.definition()["States"][TRIGGER]["Parameters"]["Payload"] == {
            "mwaa_env_name.$": "$.mwaa_env_name",
            "mwaa_dag_name.$": "$.mwaa_dag_name",
            "mwaa_dag_conf.$": "$.mwaa_dag_conf",
            "run_id.$": "$.run_id",
            "execution_arn.$": "$$.Execution.Id",
            "redrive_count.$": "$$.Execution.RedriveCount",
            "retry_count.$": "$$.State.RetryCount",
        }

    def test_the_trigger_waits_a_little_longer_than_the_function_may_run(
        self, sandbox_plan: Plan, modules_plan: Plan
    ) -> None:
        busy = modules_plan.definition("module.busy.aws_sfn_state_machine.this")

        assert sandbox_plan.definition()["States"][TRIGGER]["TimeoutSeconds"] == 330
        assert busy["States"][TRIGGER]["TimeoutSeconds"] == 90

    def test_the_trigger_is_retried_after_every_transient_error(self, sandbox_plan: Plan) -> None:
        transient = {error.__name__ for error in TriggerError.__subclasses__() if error.transient}

        retried = retried_errors(sandbox_plan.definition()["States"][TRIGGER])
        assert transient
        assert transient <= set(retried)
        assert set(retried) - transient == {
            "Lambda.AWSLambdaException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.ServiceException",
            "Lambda.TooManyRequestsException",
            "Lambda.Unknown",
            "Sandbox.Timedout",
            "States.Timeout",
        }

    def test_the_trigger_is_never_retried_after_a_permanent_error(self, sandbox_plan: Plan) -> None:
        permanent = {
            error.__name__ for error in TriggerError.__subclasses__() if not error.transient
        }

        retried = set(retried_errors(sandbox_plan.definition()["States"][TRIGGER]))
        assert permanent
        # The last two match any error.
        assert not retried & (permanent | {"States.ALL", "States.TaskFailed"})

    def test_every_retry_backs_off_with_jitter_up_to_a_limit(self, sandbox_plan: Plan) -> None:
        states = sandbox_plan.definition()["States"].values()
        retriers = [retrier for state in states for retrier in state.get("Retry", [])]

        assert len(retriers) == 3
        for retrier in retriers:
            assert retrier["BackoffRate"] > 1
            assert retrier["JitterStrategy"] == "FULL"
            assert retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"]

    @pytest.mark.parametrize(
        ("sent", "request_fields"),
        [
            pytest.param(
                {},
                {
                    "mwaa_env_name": None,
                    "mwaa_dag_name": None,
                    "mwaa_dag_conf": {},
                    "run_id": None,
                },
                id="nothing",
            ),
            pytest.param(
                {"mwaa_env_name": "e", "mwaa_dag_name": "d"},
                {"mwaa_env_name": "e", "mwaa_dag_name": "d", "mwaa_dag_conf": {}, "run_id": None},
                id="no conf",
            ),
            pytest.param(
                {"mwaa_dag_conf": {"k": {"States.Format('{}')": [1, None]}}, "status": {"ok": 1}},
                {
                    "mwaa_env_name": None,
                    "mwaa_dag_name": None,
                    "mwaa_dag_conf": {"k": {"States.Format('{}')": [1, None]}},
                    "run_id": None,
                    "status": {"ok": 1},
                },
                id="a conf, and a preliminary task's result",
            ),
        ],
    )
    def test_what_the_input_leaves_out_reaches_the_trigger_as_null_or_an_empty_conf(
        self,
        modules_plan: Plan,
        run_states: RunStates,
        sent: dict[str, Any],
        request_fields: dict[str, Any],
    ) -> None:
        definition = modules_plan.definition("module.plain.aws_sfn_state_machine.this")
        # The trigger itself only shows what it gets.
        definition["States"][TRIGGER] = {"Type": "Pass", "End": True}

        assert run_states(definition, sent) == request_fields
