"""The items of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from mwaa_dags_trigger import errors

from mwaa_dags.accounts import Account, error_code
from mwaa_dags.executions import Execution, derive_run_id
from mwaa_dags.history import Attempt, Step, find_results, parse_steps, read_events
from mwaa_dags.reasons import Reason, parse_reason
from mwaa_dags.rows import convert_row, read_rows
from mwaa_dags.system import TRIGGER

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeMapRunOutputTypeDef,
        HistoryEventTypeDef,
    )

_CONCURRENT_CALLS = 8
MAX_DETAILS = 200
"""The number of items at the beginning of a batch whose executions are looked up even if they succeeded."""
_NOT_CREATED = "created no DAG run"


class DagRunState(Enum):
    """Whether the DAG run of an item exists."""

    EXISTS = "exists"
    NONE = "none"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, kw_only=True)
class Item:
    """An item of a batch and its execution.

    Parameters
    ----------
    item
        The item as the batch received it. A row of a CSV file is converted. Empty if it is no object.
    status
        The status of its execution, or `NOT_STARTED`.
    run_id
        The run id that its execution requests.
    """

    index: int
    item: Mapping[str, Any] = field(repr=False)
    status: str
    run_id: str | None
    dag_run: DagRunState
    execution_arn: str | None = None
    reason: Reason | None = None

    @property
    def dag_id(self) -> str:
        """The DAG id, or `-`."""
        return str(self.item.get("mwaa_dag_name") or "-")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch.

    Parameters
    ----------
    counts
        The number of items by status, as DescribeMapRun returns them.
    items
        The items, in order. Of a batch with many items, those that have not succeeded.
    """

    total: int
    counts: Mapping[str, int]
    tolerated_percentage: float
    items: Sequence[Item]


@dataclass(frozen=True, kw_only=True)
class _Child:
    """The execution that a map run starts for one item."""

    arn: str
    status: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    error: str | None
    cause: str | None


def find_map_run(source: Account, execution: Execution) -> DescribeMapRunOutputTypeDef | None:
    """Return the map run of a batch, or None if it has not started."""
    runs = source.states.list_map_runs(executionArn=execution.arn)["mapRuns"]
    return source.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"]) if runs else None


def read_batch(source: Account, execution: Execution) -> Batch | None:
    """Return a batch with its items, or None if it has started no map run."""
    run = find_map_run(source, execution)
    if run is None:
        return None
    counts: Mapping[str, int] = {**run["itemCounts"]}  # type: ignore[dict-item]
    children = {child.input["index"]: child for child in _read_children(source, run)}
    whole = _read_items(source, execution)
    with ThreadPoolExecutor(_CONCURRENT_CALLS) as pool:
        items = pool.map(lambda child: _create_item(source, child), children.values())
        found = {item.index: item for item in items}
    missing = [
        create_missing(execution.arn, index, item)
        for index, item in enumerate(whole)
        if index not in found
    ]
    return Batch(
        total=counts["total"],
        counts=counts,
        tolerated_percentage=run["toleratedFailurePercentage"],
        items=sorted([*found.values(), *missing], key=lambda item: item.index),
    )


def find_failed_children(source: Account, map_run_arn: str) -> Iterator[Item]:
    """Yield the items of a running batch that have failed."""
    for child in _list_children(source, map_run_arn, statusFilter="FAILED"):
        yield _create_item(source, child)


def _read_children(source: Account, run: DescribeMapRunOutputTypeDef) -> Iterable[_Child]:
    """Return the executions of a map run: from its results if it has ended, because they need fewer calls."""
    if run["status"] != "RUNNING":
        results = list(_read_results(source, run["mapRunArn"]))
        if results:
            return results
    return _list_children(source, run["mapRunArn"])


def _list_children(source: Account, map_run_arn: str, **chosen: Any) -> list[_Child]:
    pages = source.states.get_paginator("list_executions").paginate(
        mapRunArn=map_run_arn, PaginationConfig={"PageSize": 1000}, **chosen
    )
    arns = [each["executionArn"] for page in pages for each in page["executions"]]
    with ThreadPoolExecutor(_CONCURRENT_CALLS) as pool:
        described = pool.map(lambda arn: source.states.describe_execution(executionArn=arn), arns)
    return [
        _Child(
            arn=each["executionArn"],
            status=each["status"],
            input=json.loads(each["input"]),
            output=_load(each.get("output")),
            error=each.get("error"),
            cause=each.get("cause"),
        )
        for each in described
    ]


def _read_results(source: Account, map_run_arn: str) -> Iterator[_Child]:
    """Yield the executions in the files that ResultWriter wrote, or nothing if there are no such files."""
    location = _find_results(source, map_run_arn)
    if location is None:
        return
    bucket, prefix = location
    try:
        manifest = _get_json(source, bucket, f"{prefix}/manifest.json")
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "AccessDenied"):
            return
        raise
    for file in (file for files in manifest["ResultFiles"].values() for file in files):
        for each in _get_json(source, bucket, file["Key"]):
            given = _load(each.get("Input"))
            if "index" in given and each["Status"] != "PENDING":
                yield _Child(
                    arn=each["ExecutionArn"],
                    status=each["Status"],
                    input=given,
                    output=_load(each.get("Output")),
                    error=each.get("Error"),
                    cause=each.get("Cause"),
                )


def _find_results(source: Account, map_run_arn: str) -> tuple[str, str] | None:
    """Return the bucket and the directory of a map run's results, from the definition of the batch."""
    machine = map_run_arn.rpartition("/")[0].replace(":mapRun:", ":stateMachine:")
    definition = source.states.describe_state_machine(stateMachineArn=machine)["definition"]
    for state in json.loads(definition)["States"].values():
        if "ResultWriter" in state:
            target = state["ResultWriter"]["Arguments"]
            return target["Bucket"], f"{target['Prefix']}/{map_run_arn.rpartition(':')[2]}"
    return None


def _read_items(source: Account, execution: Execution) -> Sequence[object]:
    """Return all items of a batch: from its input, or from its file. Some may be no objects."""
    if "dag_runs" in execution.input:
        return list(execution.input["dag_runs"])
    key = str(execution.input.get("key"))
    found = source.s3.get_object(Bucket=str(execution.input.get("bucket")), Key=key)
    text = found["Body"].read().decode("utf-8-sig")
    return read_rows(text)[1] if key.lower().endswith(".csv") else list(json.loads(text))


def _create_item(source: Account, child: _Child) -> Item:
    given = child.input.get("item")
    item = given if isinstance(given, dict) else convert_row(child.input.get("row") or {})
    reason = parse_reason(child.error, child.cause, item) if child.error else None
    steps: list[Step] = []
    arn = None
    if has_details(child.status, child.input["index"]):
        arn = (reason.execution_arn if reason else None) or find_nested(
            read_events(source, child.arn)
        )
        steps = (
            parse_steps(read_events(source, arn), item)
            if arn and child.status != "SUCCEEDED"
            else []
        )
    run_id = child.output.get("dag_run_id") or _request_run_id(child.input, item)
    return Item(
        index=child.input["index"],
        item=item,
        status=child.status,
        run_id=run_id,
        dag_run=_find_item_state(child, steps),
        execution_arn=arn,
        reason=reason,
    )


def has_details(status: str, index: int) -> bool:
    """Return whether the execution of an item is looked up."""
    return status != "SUCCEEDED" or index < MAX_DETAILS


def create_missing(batch_arn: str, index: int, value: object) -> Item:
    """Return an item that has not been started. What is no object has no fields."""
    item = value if isinstance(value, dict) else {}
    run_id = _request_run_id({"batch": batch_arn, "index": index}, item)
    return Item(
        index=index, item=item, status="NOT_STARTED", run_id=run_id, dag_run=DagRunState.NONE
    )


def item_key(batch_arn: str, index: int) -> str:
    """Return the `idempotency_key` of an item without its own key."""
    return f"{batch_arn}:{index}"


def _request_run_id(given: Mapping[str, Any], item: Mapping[str, Any]) -> str | None:
    own = {name: item[name] for name in ("run_id", "idempotency_key") if item.get(name) is not None}
    return derive_run_id(
        str(given["batch"]), own or {"idempotency_key": item_key(given["batch"], given["index"])}
    )


def find_nested(events: Sequence[HistoryEventTypeDef]) -> str | None:
    """Return the execution that a child has started, after a redrive the latest."""
    for event in reversed(events):
        if event["type"] == "TaskSubmitted":
            arn = _load(event["taskSubmittedEventDetails"].get("output")).get("ExecutionArn")
            return str(arn) if arn else None
    return None


def _find_item_state(child: _Child, steps: Sequence[Step]) -> DagRunState:
    state = find_dag_run_state(child.output, steps)
    # The steps of a running item may be out of date.
    is_early = child.status == "RUNNING" and state is DagRunState.NONE
    return DagRunState.IN_DOUBT if is_early else state


def find_dag_run_state(output: Mapping[str, Any], steps: Sequence[Step]) -> DagRunState:
    """Return whether the DAG run of an execution exists, given its output and its steps."""
    if output.get("dag_run_id") or any(find_results(steps, TRIGGER)):
        return DagRunState.EXISTS
    attempts = [attempt for step in steps if step.state == TRIGGER for attempt in step.attempts]
    return DagRunState.NONE if all(map(_created_nothing, attempts)) else DagRunState.IN_DOUBT


def _created_nothing(attempt: Attempt) -> bool:
    """Return whether an attempt certainly created no DAG run."""
    if attempt.reason is None:
        return False
    kind = getattr(errors, attempt.reason.error, None)
    is_certain = isinstance(kind, type) and not getattr(kind, "transient", True)
    return is_certain or _NOT_CREATED in attempt.reason.message


def _get_json(source: Account, bucket: str, key: str) -> Any:
    return json.loads(source.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def _load(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
