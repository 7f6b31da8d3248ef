"""The size limit of data in Step Functions."""

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

from sandbox.aws.moto_patches.failures import create_failure

_MAX_BYTES = 262144


@contextmanager
def patch_data_limits() -> Iterator[None]:
    """Apply the limit of 262,144 bytes to all data of a state.

    moto: checks results and outputs only, and counts the bytes of JSON with `\\uXXXX` escapes.
    AWS: fails a state with `States.DataLimitExceeded` if its input, arguments, result or output exceeds 262,144 bytes
    in UTF-8. Sources: "Step Functions service quotas" and "Handling errors in Step Functions workflows" in the AWS
    Step Functions Developer Guide.
    Patch: checks inputs and arguments in addition, and counts bytes of UTF-8.
    Limits: AWS does not document the cause for inputs and arguments; the patch uses the wording for results.
    """
    read_input = CommonStateField._eval_state_input
    evaluate_arguments = StateTask._eval_parameters
    evaluate_payload = StateTaskLambda._eval_parameters

    def check_input(field: CommonStateField, env: Environment) -> None:
        _check(env, field, "input", env.states.get_input())
        read_input(field, env)

    def check_arguments(task: StateTask, env: Environment) -> dict[str, Any]:
        arguments: dict[str, Any] = evaluate_arguments(task, env)
        _check(env, task, "arguments", arguments)
        return arguments

    def check_payload(task: StateTaskLambda, env: Environment) -> dict[str, Any]:
        arguments: dict[str, Any] = evaluate_payload(task, env)
        _check(env, task, "arguments", arguments["Payload"])
        return arguments

    with ExitStack() as stack:
        for module in (state, state_task_lambda, state_task_service):
            stack.enter_context(patch.object(module, "is_within_size_quota", _is_within_limit))
        stack.enter_context(patch.object(CommonStateField, "_eval_state_input", check_input))
        stack.enter_context(patch.object(StateTask, "_eval_parameters", check_arguments))
        stack.enter_context(patch.object(StateTaskLambda, "_eval_parameters", check_payload))
        yield


def _check(env: Environment, field: CommonStateField, kind: str, value: Any) -> None:
    if not _is_within_limit(value):
        raise create_failure(
            env,
            f"The state/task '{field.name}' has {kind} with a size exceeding the maximum number of "
            "bytes service limit.",
            error=StatesErrorNameType.StatesStatesDataLimitExceeded,
        )


def _is_within_limit(value: Any) -> bool:
    text = json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode("utf-8", "surrogatepass")) <= _MAX_BYTES
