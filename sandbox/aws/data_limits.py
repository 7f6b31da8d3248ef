"""The size of a state's data in Step Functions: moto limits results and outputs, and counts escaped JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_lambda import (
    StateTaskLambda,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment

from sandbox.aws.failures import failure

_MAX_BYTES = 262144


@contextmanager
def data_limited() -> Iterator[None]:
    """Fail a state whose input, arguments, result or output exceeds 262,144 bytes while the `with` lasts.

    AWS pages "Step Functions service quotas" (a UTF-8 encoded string) and "Handling errors in Step Functions
    workflows" (`States.DataLimitExceeded`). AWS does not document the cause for inputs and arguments.
    """
    read_input = CommonStateField._eval_state_input
    evaluate_arguments = StateTask._eval_parameters
    evaluate_payload = StateTaskLambda._eval_parameters

    def limited_input(field: CommonStateField, env: Environment) -> None:
        _check(env, field, "input", env.states.get_input())
        read_input(field, env)

    def limited_arguments(task: StateTask, env: Environment) -> dict[str, Any]:
        arguments: dict[str, Any] = evaluate_arguments(task, env)
        _check(env, task, "arguments", arguments)
        return arguments

    def limited_payload(task: StateTaskLambda, env: Environment) -> dict[str, Any]:
        arguments: dict[str, Any] = evaluate_payload(task, env)
        _check(env, task, "arguments", arguments["Payload"])
        return arguments

    with ExitStack() as stack:
        for module in (state, state_task_lambda, state_task_service):
            stack.enter_context(patch.object(module, "is_within_size_quota", _is_within_limit))
        stack.enter_context(patch.object(CommonStateField, "_eval_state_input", limited_input))
        stack.enter_context(patch.object(StateTask, "_eval_parameters", limited_arguments))
        stack.enter_context(patch.object(StateTaskLambda, "_eval_parameters", limited_payload))
        yield


def _check(env: Environment, field: CommonStateField, kind: str, value: Any) -> None:
    if not _is_within_limit(value):
        raise failure(
            env,
            f"The state/task '{field.name}' has {kind} with a size exceeding the maximum number of "
            "bytes service limit.",
            error=StatesErrorNameType.StatesStatesDataLimitExceeded,
        )


def _is_within_limit(value: Any) -> bool:
    text = json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass")) <= _MAX_BYTES
