"""RedriveExecution, which moto's Step Functions does not know, and what DescribeExecution says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock, Thread
from unittest.mock import patch

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import (
    ExecutionRedrivenEventDetails,
    ExecutionStatus,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.aws.execution_context import redrives_of

# moto sets the status before the output and the error: nobody gets to see the one without the other.
_ending = Lock()


class _ExecutionNotRedrivable(AWSError):  # type: ignore[misc]  # moto is not typed here
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


@contextmanager
def redrive_known() -> Iterator[None]:
    """Let an unsuccessful execution go on from the state that failed, while the `with` lasts.

    AWS page "Restarting state machine executions with redrive in Step Functions": same ARN, definition and
    input; the history is kept and continued; the retries and the time limit of the state begin anew.
    A distributed map takes up the children that have not succeeded (`sandbox.aws.distributed_map`).
    Left out: a Parallel state and an inline Map run again as a whole, where AWS runs only the branches and
    iterations that failed; the limits in days and events; `clientToken`.
    """
    enter = CommonStateField._eval_body
    end = BaseExecutionWorkerCommunication._reflect_execution_status

    def enter_remembered(state: CommonStateField, env: Environment) -> None:
        env.entered = (state.name, env.states.get_input())
        enter(state, env)

    def end_at_once(execution: BaseExecutionWorkerCommunication) -> None:
        with _ending:
            end(execution)

    with (
        patch.object(BaseExecutionWorkerCommunication, "_reflect_execution_status", end_at_once),
        patch.object(CommonStateField, "_eval_body", enter_remembered),
        patch.object(StepFunctionResponse, "redrive_execution", _redrive_execution, create=True),
        patch.object(StepFunctionResponse, "describe_execution", _describe_execution),
    ):
        yield


def _redrive_execution(response: StepFunctionResponse) -> ActionResult:
    execution = _execution(response)
    obstacle = _obstacle(execution)
    if obstacle:
        raise _ExecutionNotRedrivable(obstacle)
    _redrive(execution)
    return ActionResult({"redriveDate": redrives_of(execution)[-1]})


def _describe_execution(response: StepFunctionResponse) -> ActionResult:
    execution = _execution(response)
    redrives = redrives_of(execution)
    with _ending:
        shown, obstacle = execution.to_describe_output(), _obstacle(execution)
    description = {
        **shown,
        "input": execution.execution_input,
        "redriveCount": len(redrives),
        "redriveStatus": "NOT_REDRIVABLE" if obstacle else "REDRIVABLE",
    }
    if redrives:
        description["redriveDate"] = redrives[-1]
    if obstacle:
        description["redriveStatusReason"] = obstacle
    return ActionResult(description)


def _execution(response: StepFunctionResponse) -> Execution:
    arn = response._get_param("executionArn")
    return response.stepfunction_backend.describe_execution(arn)


def _obstacle(execution: Execution) -> str | None:
    """Return why the execution cannot be redriven, in the words of AWS."""
    if execution.exec_status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
        return f"Execution is {execution.exec_status.value} and cannot be redriven"
    return None


def _redrive(execution: Execution) -> None:
    before = execution.exec_worker.env
    state, state_input = before.entered
    execution.redrives = [*redrives_of(execution), datetime.now(UTC)]
    worker = execution._get_start_execution_worker()
    program = worker._get_evaluation_entrypoint()
    program.start_at = StartAt(state)
    worker.env = env = worker._get_evaluation_environment()
    env.states.reset(state_input)
    env.variable_store = before.variable_store
    env.map_run_record_pool_manager = before.map_run_record_pool_manager
    env.map_run_record_pool_manager.redriven_state = state
    env.event_manager = before.event_manager
    env.event_history_context = before.event_history_context
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.ExecutionRedriven,
        event_details=EventDetails(
            executionRedrivenEventDetails=ExecutionRedrivenEventDetails(
                redriveCount=len(execution.redrives)
            )
        ),
    )
    execution.exec_worker = worker
    execution.exec_status = ExecutionStatus.RUNNING
    execution.stop_date = execution.error = execution.cause = None

    def run() -> None:
        program.eval(env)
        worker._execution_communication.terminated()

    Thread(target=run, daemon=True).start()
