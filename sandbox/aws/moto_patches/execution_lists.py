"""Lists of executions and of events, and the child executions of distributed maps in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.aws.moto_patches.map_child import Child

_DEFAULT_PAGE = 100


@contextmanager
def patch_execution_lists() -> Iterator[None]:
    """Complete ListExecutions and GetExecutionHistory, and show the child executions of a Map Run.

    moto: ListExecutions requires `stateMachineArn`, sorts by `startDate`, and omits `redriveCount`. GetExecutionHistory
    ignores `maxResults`, `nextToken` and `reverseOrder`. Child executions of a distributed map exist in no response.
    AWS: ListExecutions accepts `mapRunArn` instead of `stateMachineArn`, and sorts executions that have ended by
    `stopDate`. GetExecutionHistory returns pages of 100 events by default, on request in descending order.
    DescribeExecution and GetExecutionHistory accept child executions. Sources: "ListExecutions", "GetExecutionHistory"
    and "DescribeExecution" in the AWS Step Functions API Reference; "Viewing Map Runs in Step Functions" in the AWS
    Step Functions Developer Guide.
    Patch: replaces the two lists, and reads children from the records of `patch_distributed_map`.
    Limits: no `redriveFilter`, no `includeExecutionData`, no redrive of a single child.
    """
    describe = StepFunctionResponse.describe_execution

    def describe_any(response: StepFunctionResponse) -> ActionResult:
        child = _find_child(response)
        return ActionResult(_describe(*child)) if child else describe(response)

    with (
        patch.object(StepFunctionResponse, "describe_execution", describe_any),
        patch.object(StepFunctionResponse, "get_execution_history", _get_history),
        patch.object(StepFunctionResponse, "list_executions", _list_executions),
    ):
        yield


def _list_executions(response: StepFunctionResponse) -> ActionResult:
    map_run_arn, machine_arn = (
        response._get_param(name) for name in ("mapRunArn", "stateMachineArn")
    )
    if map_run_arn:
        items = [
            _list_item(_describe(run, child), mapRunArn=run)
            for run, child in _children(response)
            if run == map_run_arn and child.status != "PENDING"
        ]
    else:
        machine = response.stepfunction_backend.describe_state_machine(machine_arn)
        items = [_list_item(_describe_parent(execution)) for execution in machine.executions]
    status = response._get_param("statusFilter")
    chosen = [item for item in items if status in (None, item["status"])]
    chosen.sort(key=lambda item: item.get("stopDate") or item["startDate"], reverse=True)
    return ActionResult(_page(response, "executions", chosen))


def _get_history(response: StepFunctionResponse) -> ActionResult:
    child = _find_child(response)
    if child:
        events = child[1].history.get_event_history()
    else:
        arn = response._get_param("executionArn")
        events = response.stepfunction_backend.get_execution_history(arn)["events"]
    ordered = events[::-1] if response._get_param("reverseOrder") else events
    return ActionResult(_page(response, "events", ordered))


def _page(response: StepFunctionResponse, name: str, items: Sequence[Any]) -> dict[str, Any]:
    """Return a page. The token is the number of items on the previous pages."""
    start = int(response._get_param("nextToken") or 0)
    end = start + (response._get_int_param("maxResults") or _DEFAULT_PAGE)
    following = {"nextToken": str(end)} if end < len(items) else {}
    return {name: items[start:end], **following}


def _describe_parent(execution: Execution) -> dict[str, Any]:
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.exec_status,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "redriveCount": len(getattr(execution, "redrives", [])),
    }


def _list_item(described: dict[str, Any], **fields: str) -> dict[str, Any]:
    names = ("executionArn", "name", "redriveCount", "startDate", "stateMachineArn", "status", "stopDate")  # fmt: skip
    return {name: described[name] for name in names if described.get(name) is not None} | fields


def _describe(map_run_arn: str, child: Child) -> dict[str, Any]:
    """Return the response of DescribeExecution for a child."""
    machine, _, name = child.arn.rpartition(":")
    described = {
        "executionArn": child.arn,
        "mapRunArn": map_run_arn,
        "stateMachineArn": machine.replace(":execution:", ":stateMachine:"),
        "name": name,
        "status": child.status,
        "startDate": child.started,
        "stopDate": child.stopped,
        "input": json.dumps(child.input),
        "output": json.dumps(child.output) if child.status == "SUCCEEDED" else None,
        "error": child.error,
        "cause": child.cause,
        "redriveCount": child.redrives,
    }
    return {key: value for key, value in described.items() if value is not None}


def _find_child(response: StepFunctionResponse) -> tuple[str, Child] | None:
    arn = response._get_param("executionArn")
    return next((found for found in _children(response) if found[1].arn == arn), None)


def _children(response: StepFunctionResponse) -> Iterator[tuple[str, Child]]:
    """Yield the children of all Map Runs in the account, with the ARN of their Map Run."""
    for execution in response.stepfunction_backend._get_executions():
        if execution.exec_worker and execution.exec_worker.env:
            for run in execution.exec_worker.env.map_run_record_pool_manager.get_all():
                for child in getattr(run, "children", []):
                    yield run.map_run_arn, child
