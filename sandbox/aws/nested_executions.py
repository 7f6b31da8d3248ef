"""`states:startExecution` as a task: moto passes its parameters in a case that boto3 does not take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped

from sandbox.aws.step_functions import TaskCredentials, TaskSession

# AWS is told by an event of EventBridge; here the execution is asked.
_POLL_SECONDS = 0.1
# What `.sync` needs on the rule that it manages.
_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@contextmanager
def executions_nested(credentials: TaskCredentials) -> Iterator[None]:
    """Let a task start an execution, wait for it with `.sync` or `.sync:2`, and stop it if it is stopped itself.

    AWS page "Start a new AWS Step Functions state machine from a running execution". Each call is sent with
    the session of the state machine's role. AWS does not document that the task's own time limit stops the
    execution ("Run a Job (.sync)"): here it does not. Left out: the number of open executions that AWS allows.
    """
    to_request = StateTaskServiceSfn._normalise_parameters
    wait = StateTaskServiceSfn._eval_integration_pattern
    poll = StateTaskServiceSfn._eval_sync

    def lower_first(task: StateTaskServiceSfn, parameters: dict[str, Any], *args: Any) -> None:
        to_request(task, parameters, *args)
        for name in list(parameters):
            parameters[name[0].lower() + name[1:]] = parameters.pop(name)

    def raise_first(_: StateTaskServiceSfn, response: dict[str, Any], **__: Any) -> None:
        for name, value in list(response.items()):
            del response[name]
            shown = value.isoformat() if isinstance(value, datetime) else value
            response[name[0].upper() + name[1:]] = shown

    def wait_and_stop(
        task: StateTaskServiceSfn,
        env: Environment,
        resource_runtime_part: ResourceRuntimePart,
        normalised_parameters: dict[str, Any],
        state_credentials: TaskSession,
    ) -> None:
        part, session = resource_runtime_part, state_credentials
        rule = f"arn:aws:events:{part.region}:{part.account}:{_RULE}"
        for action in _RULE_ACTIONS:
            credentials.authorize(env, session, action=action, resource=rule)
        execution = env.stack[-1]["ExecutionArn"]
        wait(task, env, part, normalised_parameters, session)
        if isinstance(env.program_state(), ProgramStopped):
            states = credentials.client(part.region, "stepfunctions", session)
            # AWS too only tries to.
            with suppress(ClientError):
                states.stop_execution(executionArn=execution)

    def poll_only(task: StateTaskServiceSfn, **given: Any) -> Any:
        # There is no task token to wait for, too.
        return poll(task, **{**given, "callback_endpoint": None})

    with (
        patch.object(StateTaskServiceSfn, "_eval_sync", poll_only),
        patch.object(StateTaskServiceSfn, "_normalise_parameters", lower_first),
        patch.object(StateTaskServiceSfn, "_normalise_response", raise_first),
        patch.object(StateTaskServiceSfn, "_eval_integration_pattern", wait_and_stop),
        patch.object(state_task_service_sfn, "boto_client_for", credentials.client),
        patch.object(
            state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _POLL_SECONDS
        ),
    ):
        yield
