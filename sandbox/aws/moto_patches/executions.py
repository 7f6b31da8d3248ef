"""Redrive, stop and context object of executions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock, Thread, local
from types import SimpleNamespace
from unittest.mock import patch

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import (
    ExecutionFailedEventDetails,
    ExecutionRedrivenEventDetails,
    ExecutionStatus,
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

# moto sets the status before the output and the error. With this lock, nobody sees a part of them.
_end_lock = Lock()


class _ExecutionNotRedrivable(AWSError):  # type: ignore[misc]  # moto is not typed here
    TYPE = "ExecutionNotRedrivable"
    STATUS = 400


@contextmanager
def patch_execution_context() -> Iterator[None]:
    """Complete `Execution` in the context object.

    moto: omits `RedriveCount` and `RedriveTime`, and sets `StartTime` to a `datetime`, which cannot be written as JSON.
    AWS: sets all three. Source: "Accessing execution data from the Context object in Step Functions" in the AWS Step
    Functions Developer Guide.
    Patch: adds the redrives, and converts `StartTime` to text.
    """
    create_environment = ExecutionWorker._get_evaluation_environment

    def create_complete_environment(worker: ExecutionWorker) -> Environment:
        env = create_environment(worker)
        redrives = _redrive_dates(worker._execution_communication.execution)
        execution = env.states.context_object.context_object_data["Execution"]
        execution["StartTime"] = execution["StartTime"].isoformat()
        execution["RedriveCount"] = len(redrives)
        if redrives:
            execution["RedriveTime"] = redrives[-1].isoformat()
        return env

    with patch.object(ExecutionWorker, "_get_evaluation_environment", create_complete_environment):
        yield


@contextmanager
def patch_stop() -> Iterator[None]:
    """Keep a stopped execution stopped.

    moto: skips the remaining evaluation of a stopped execution. The step around it then misses a result, or its `Catch`
    gets an error, and moto reports the execution as failed. A task takes its arguments for its time limit, and moto
    cannot write the history any more. An execution that waits for its next retry does not notice that it is stopped.
    AWS: reports `ABORTED`. Source: "StopExecution" in the AWS Step Functions API Reference.
    Patch: ignores errors of a stopped execution, also between moto's check and the step, always evaluates a constant
    time limit, and ends the wait for a retry.
    """
    set_error = Environment.set_error
    retry = retrier_decl.RetrierDecl._eval_body
    waiting = local()

    def retry_unless_stopped(retrier: retrier_decl.RetrierDecl, env: Environment) -> None:
        waiting.env = env
        retry(retrier, env)

    def sleep(seconds: float) -> None:
        end = time.monotonic() + seconds
        while waiting.env.is_running() and (left := end - time.monotonic()) > 0:
            # The event is set for a moment only, which may be before this wait.
            waiting.env.program_state_event.wait(min(left, 1))

    def set_error_unless_stopped(env: Environment, error: ExecutionFailedEventDetails) -> None:
        with env._state_mutex:
            if not isinstance(env._program_state, ProgramStopped):
                set_error(env, error)

    def set_unless_stopped(name: str) -> property:
        original = getattr(Environment, name)

        def set_value(env: Environment, value: str) -> None:
            try:
                original.fset(env, value)
            except RuntimeError:
                if env.is_running():
                    raise

        return property(original.fget, set_value)

    with (
        patch.object(Environment, "next_field_name", set_unless_stopped("next_field_name")),
        patch.object(Environment, "next_state_name", set_unless_stopped("next_state_name")),
        patch.object(Environment, "set_error", set_error_unless_stopped),
        patch.object(TimeoutSeconds, "eval", TimeoutSeconds._eval_body),
        patch.object(retrier_decl.RetrierDecl, "_eval_body", retry_unless_stopped),
        patch.object(retrier_decl, "time", SimpleNamespace(sleep=sleep)),
    ):
        yield


@contextmanager
def patch_redrive() -> Iterator[None]:
    """Add RedriveExecution, and the redrives to the response of DescribeExecution.

    moto: does not implement the action.
    AWS: continues an unsuccessful execution from the state that failed, with the same ARN, definition and input. It
    continues the history, and resets the retries and the time limit of the state. Source: "Restarting state machine
    executions with redrive in Step Functions" in the AWS Step Functions Developer Guide.
    Patch: remembers the state that each execution entered last, and evaluates the program from there.
    `patch_distributed_map` continues with the unsuccessful children of a distributed map.
    Limits: a Parallel state or an inline Map runs again as a whole, whereas AWS runs only the failed branches or
    iterations. No limits of days and events, no `clientToken`.
    """
    enter = CommonStateField._eval_body
    end = BaseExecutionWorkerCommunication._reflect_execution_status

    def enter_and_remember(state: CommonStateField, env: Environment) -> None:
        env.entered_state = (state.name, env.states.get_input())
        enter(state, env)

    def end_atomically(execution: BaseExecutionWorkerCommunication) -> None:
        with _end_lock:
            end(execution)

    with (
        patch.object(BaseExecutionWorkerCommunication, "_reflect_execution_status", end_atomically),
        patch.object(CommonStateField, "_eval_body", enter_and_remember),
        patch.object(StepFunctionResponse, "redrive_execution", _redrive_execution, create=True),
        patch.object(StepFunctionResponse, "describe_execution", _describe_execution),
    ):
        yield


def _redrive_execution(response: StepFunctionResponse) -> ActionResult:
    execution = _get_execution(response)
    obstacle = _find_obstacle(execution)
    if obstacle:
        raise _ExecutionNotRedrivable(obstacle)
    _redrive(execution)
    return ActionResult({"redriveDate": _redrive_dates(execution)[-1]})


def _describe_execution(response: StepFunctionResponse) -> ActionResult:
    execution = _get_execution(response)
    redrives = _redrive_dates(execution)
    with _end_lock:
        output, obstacle = execution.to_describe_output(), _find_obstacle(execution)
    description = {
        **output,
        "input": execution.execution_input,
        "redriveCount": len(redrives),
        "redriveStatus": "NOT_REDRIVABLE" if obstacle else "REDRIVABLE",
    }
    if redrives:
        description["redriveDate"] = redrives[-1]
    if obstacle:
        description["redriveStatusReason"] = obstacle
    return ActionResult(description)


def _get_execution(response: StepFunctionResponse) -> Execution:
    arn = response._get_param("executionArn")
    return response.stepfunction_backend.describe_execution(arn)


def _redrive_dates(execution: Execution) -> list[datetime]:
    """Return the times of the execution's redrives, which `_redrive` stores in moto's object."""
    redrives: list[datetime] = getattr(execution, "redrives", [])
    return redrives


def _find_obstacle(execution: Execution) -> str | None:
    """Return why the execution cannot be redriven, in the wording of AWS."""
    if execution.exec_status in (ExecutionStatus.RUNNING, ExecutionStatus.SUCCEEDED):
        return f"Execution is {execution.exec_status.value} and cannot be redriven"
    return None


def _redrive(execution: Execution) -> None:
    previous = execution.exec_worker.env
    state, state_input = previous.entered_state
    execution.redrives = [*_redrive_dates(execution), datetime.now(UTC)]
    worker = execution._get_start_execution_worker()
    program = worker._get_evaluation_entrypoint()
    program.start_at = StartAt(state)
    worker.env = env = worker._get_evaluation_environment()
    env.states.reset(state_input)
    env.variable_store = previous.variable_store
    env.map_run_record_pool_manager = previous.map_run_record_pool_manager
    env.map_run_record_pool_manager.redriven_state = state
    env.event_manager = previous.event_manager
    env.event_history_context = previous.event_history_context
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
