"""Tasks that start an execution (`states:startExecution`)."""

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

from sandbox.aws.moto_patches.task_credentials import TaskCredentials, TaskSession

# AWS gets an event from EventBridge; moto polls the execution.
_POLL_SECONDS = 0.25
# The permissions that `.sync` requires for its managed rule.
_RULE = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_RULE_ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")


@contextmanager
def patch_nested_executions(credentials: TaskCredentials) -> Iterator[None]:
    """Start an execution, wait for it with `.sync` or `.sync:2`, and stop it together with its parent.

    moto: passes parameters in PascalCase, which boto3 rejects, and returns the response in camelCase. It calls a fixed
    port with fixed keys, checks no permissions, polls every few seconds, and does not stop a nested execution.
    AWS: uses the state machine's role, which also needs permissions for a managed EventBridge rule, and tries to stop a
    nested execution. Sources: "Start a new AWS Step Functions state machine from a running execution" and "Run a Job
    (.sync)" in the AWS Step Functions Developer Guide.
    Patch: converts the names of parameters and response fields, creates clients with `TaskCredentials`, checks the
    permissions, and stops a nested execution. AWS does not document whether the task's own time limit stops the nested
    execution; with this patch it does not.
    Limits: no quota of open executions.
    """
    normalise_parameters = StateTaskServiceSfn._normalise_parameters
    wait = StateTaskServiceSfn._eval_integration_pattern
    poll = StateTaskServiceSfn._eval_sync

    def convert_parameters(
        task: StateTaskServiceSfn, parameters: dict[str, Any], *args: Any
    ) -> None:
        normalise_parameters(task, parameters, *args)
        for name in list(parameters):
            parameters[name[0].lower() + name[1:]] = parameters.pop(name)

    def convert_response(_: StateTaskServiceSfn, response: dict[str, Any], **__: Any) -> None:
        for name, value in list(response.items()):
            del response[name]
            text = value.isoformat() if isinstance(value, datetime) else value
            response[name[0].upper() + name[1:]] = text

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
            # AWS ignores a failure to stop it, too.
            with suppress(ClientError):
                states.stop_execution(executionArn=execution)

    def poll_only(task: StateTaskServiceSfn, **arguments: Any) -> Any:
        # With `.sync`, the task does not wait for a task token.
        return poll(task, **{**arguments, "callback_endpoint": None})

    with (
        patch.object(StateTaskServiceSfn, "_eval_sync", poll_only),
        patch.object(StateTaskServiceSfn, "_normalise_parameters", convert_parameters),
        patch.object(StateTaskServiceSfn, "_normalise_response", convert_response),
        patch.object(StateTaskServiceSfn, "_eval_integration_pattern", wait_and_stop),
        patch.object(state_task_service_sfn, "boto_client_for", credentials.client),
        patch.object(
            state_task_service_callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _POLL_SECONDS
        ),
    ):
        yield
