"""The source account: the definition of the state machine."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mwaa_dags_trigger.errors import TriggerError

from tests.faults.state_machine import delay
from tests.terraform.conftest import RunStates, retried_errors
from tests.terraform.planner import Plan
from tests.terraform.values import like
from tools.paths import PROJECT

TRIGGER = "Trigger MWAA DAG"
NETWORK = {
    "Lambda.EC2ThrottledException",
    "Lambda.EC2UnexpectedException",
    "Lambda.ENINotReadyException",
    "Lambda.ResourceNotReadyException",
    "Lambda.SubnetIPAddressLimitReachedException",
}
TRANSIENT = NETWORK | {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ResourceConflictException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Runtime.OutOfMemory",
    "Runtime.Unknown",
    "Sandbox.Failure",
    "Sandbox.Timedout",
    "States.Timeout",
}
"""Transient errors of Lambda and Step Functions: "Invoke" in the AWS Lambda API Reference, "Handle
Lambda service exceptions" in the AWS Step Functions Developer Guide, and crashes as public projects report
them."""


def states_in_order(definition: dict[str, Any]) -> list[str]:
    order = [definition["StartAt"]]
    while following := definition["States"][order[-1]].get("Next"):
        order.append(following)
    return order


class TestDefinition:
    def test_preliminary_tasks_run_in_their_order_before_the_trigger(
        self, modules_plan: Plan
    ) -> None:
        definition = modules_plan.definition("module.busy.aws_sfn_state_machine.this")

        assert states_in_order(definition) == [
            'Check "quota"',
            "Back\\slash ${name} %{if}",
            "Prüfen",
            TRIGGER,
        ]
        assert set(states_in_order(definition)) == set(definition["States"])

    def test_without_preliminary_tasks_it_starts_with_the_trigger(self, modules_plan: Plan) -> None:
        definition = modules_plan.definition("module.plain.aws_sfn_state_machine.this")

        assert states_in_order(definition) == [TRIGGER]

    def test_a_preliminary_task_invokes_its_function_and_stores_the_result_at_its_path(
        self, sandbox_plan: Plan
    ) -> None:
        expected = {
            "Type": "Task",
            "Resource": "arn:aws:lambda:eu-central-1:111111111111:function:rds-hack-update",
            "ResultPath": "$.status",
            "TimeoutSeconds": 930,
        }

        task = sandbox_plan.definition()["States"]["RDS Hack Update Task"]
        assert like(task, expected) == expected

    def test_a_result_without_a_path_is_dropped_and_the_input_kept(
        self, modules_plan: Plan
    ) -> None:
        definition = modules_plan.definition("module.busy.aws_sfn_state_machine.this")

        assert definition["States"]["Prüfen"]["ResultPath"] is None

    def test_a_preliminary_task_is_retried_after_the_same_errors_as_the_trigger(
        self, sandbox_plan: Plan
    ) -> None:
        states = sandbox_plan.definition()["States"]

        assert states["RDS Hack Update Task"]["Retry"] == states[TRIGGER]["Retry"]

    def test_the_trigger_invokes_the_targets_function_as_the_targets_role(
        self, sandbox_plan: Plan
    ) -> None:
        expected = {
            "Resource": "arn:aws:states:::lambda:invoke",
            "Credentials": {"RoleArn": sandbox_plan.outputs["target_role_arn"]},
            "Arguments": {"FunctionName": sandbox_plan.outputs["function_arn"]},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        }

        trigger = sandbox_plan.definition()["States"][TRIGGER]
        assert like(trigger, expected) == expected

    def test_the_time_limit_of_the_trigger_is_slightly_longer_than_the_timeout_of_the_function(
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
        assert set(retried) - transient == TRANSIENT

    def test_operations_names_the_retried_errors_of_lambda(self) -> None:
        page = (PROJECT / "docs/operations.md").read_text()
        section = page.partition("\n### Errors of Lambda\n")[2].partition("does not retry")[0]

        assert set(re.findall(r"`(\w+\.\w+)`", section)) == TRANSIENT

    def test_the_trigger_is_never_retried_after_a_permanent_error(self, sandbox_plan: Plan) -> None:
        permanent = {
            error.__name__ for error in TriggerError.__subclasses__() if not error.transient
        }

        retried = set(retried_errors(sandbox_plan.definition()["States"][TRIGGER]))
        assert permanent
        # The last two match any error.
        assert not retried & (permanent | {"States.ALL", "States.TaskFailed"})

    def test_every_retry_backs_off_up_to_a_limit(self, sandbox_plan: Plan) -> None:
        states = sandbox_plan.definition()["States"].values()
        retriers = [retrier for state in states for retrier in state.get("Retry", [])]

        assert len(retriers) == 6
        for retrier in retriers:
            assert retrier["BackoffRate"] > 1
            assert retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"]

    @pytest.mark.parametrize(
        ("error", "seconds"),
        [
            # Without jitter, which can shorten each wait to 0 s.
            pytest.param("EnvironmentNotReady", 3 * 3600, id="an update"),
            pytest.param("MwaaBusy", 2 * 3000, id="a busy web server"),
            pytest.param("Lambda.TooManyRequestsException", 2 * 3000, id="a busy Lambda"),
            *(pytest.param(error, 2 * 3000, id=error) for error in sorted(NETWORK)),
        ],
    )
    def test_transient_errors_are_retried_for_their_usual_duration(
        self, sandbox_plan: Plan, error: str, seconds: float
    ) -> None:
        """With jitter, the mean duration is half as long."""
        state = sandbox_plan.definition()["States"][TRIGGER]
        (retrier,) = (retrier for retrier in state["Retry"] if error in retrier["ErrorEquals"])
        delays = [delay(retrier, n, lambda longest: longest) for n in range(retrier["MaxAttempts"])]

        assert ("JitterStrategy" in retrier) is (error != "EnvironmentNotReady")
        assert seconds - 300 <= sum(delays) <= seconds + 600

    @pytest.mark.parametrize(
        ("sent", "request_fields"),
        [
            pytest.param({}, {"input_fields": []}, id="nothing"),
            pytest.param(
                {"mwaa_env_name": "e", "run_id": None},
                {"mwaa_env_name": "e", "run_id": None, "input_fields": ["mwaa_env_name", "run_id"]},
                id="null",
            ),
            pytest.param(
                {"idempotency_key": "k"},
                {"idempotency_key": "k", "input_fields": ["idempotency_key"]},
                id="one field",
            ),
            pytest.param(
                {"mwaa_dag_conf": {"k": {"$x": [1, None]}, "l": [2]}, "status": {"secret": 1}},
                {
                    "mwaa_dag_conf": {"k": {"$x": [1, None]}, "l": [2]},
                    "input_fields": ["mwaa_dag_conf", "status"],
                },
                id="a conf, and a preliminary task's result",
            ),
        ],
    )
    def test_the_trigger_sends_the_request_with_its_execution_and_state(
        self,
        modules_plan: Plan,
        run_states: RunStates,
        sent: dict[str, Any],
        request_fields: dict[str, Any],
    ) -> None:
        definition = modules_plan.definition("module.plain.aws_sfn_state_machine.this")
        payload = definition["States"][TRIGGER]["Arguments"]["Payload"]
        show = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": payload, "End": True}
        definition["States"][TRIGGER] = show

        output = run_states(definition, sent)
        assert output.pop("execution_arn").startswith("arn:aws:states:eu-central-1:")
        assert output == {
            **request_fields,
            "state_name": TRIGGER,
            "redrive_count": 0,  # a Pass state has no retry count
        }
