"""Executions as Step Functions describes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.run_id import resolve_run_id

from mwaa_dags.accounts import Account, error_code
from mwaa_dags.arns import StateMachineArn, execution_name
from mwaa_dags.errors import ConsoleError
from mwaa_dags.reasons import Reason, parse_reason
from mwaa_dags.system import TRIGGER, System

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        ExecutionListItemTypeDef,
    )

FAILED_STATUSES: tuple[ExecutionStatusType, ...] = ("FAILED", "TIMED_OUT", "ABORTED")
REDRIVE_PERIOD = timedelta(days=14)
"""AWS: "Restarting state machine executions with redrive in Step Functions"."""
_CONCURRENT_CALLS = 8
_SEARCHED = 5000
"""The number of recent executions that are searched for an abbreviated name."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """An execution.

    Parameters
    ----------
    run_id
        The run id of its DAG run, which may not exist.
    reason
        Why it failed.
    redrivable
        Whether Step Functions accepts a redrive.
    """

    arn: str
    status: str
    started: datetime
    stopped: datetime | None
    env_name: str | None
    dag_id: str | None
    run_id: str | None
    output: Mapping[str, Any] = field(repr=False)
    input: Mapping[str, Any] = field(repr=False)
    reason: Reason | None
    redrive_count: int
    redrivable: bool

    @property
    def duration(self) -> timedelta:
        """The time until it ended, or until now."""
        return (self.stopped or datetime.now(UTC)) - self.started

    @property
    def redrivable_until(self) -> datetime | None:
        """The end of the period in which Step Functions accepts a redrive."""
        return self.stopped + REDRIVE_PERIOD if self.stopped and self.redrivable else None


def parse_execution(described: DescribeExecutionOutputTypeDef) -> Execution:
    """Return the execution in a response of DescribeExecution."""
    event, output = _load(described.get("input")), _load(described.get("output"))
    arn, failed = described["executionArn"], "error" in described
    reason = parse_reason(described.get("error"), described.get("cause"), event) if failed else None
    if reason is None and described["status"] == "TIMED_OUT":
        reason = Reason(error="States.Timeout", message="The execution ran out of time.")
    known = output.get("dag_run_id") or (reason.run_id if reason else None)
    return Execution(
        arn=arn,
        status=described["status"],
        started=described["startDate"],
        stopped=described.get("stopDate"),
        env_name=_text(event, "mwaa_env_name"),
        dag_id=_text(event, "mwaa_dag_name"),
        run_id=known or derive_run_id(arn, event),
        output=output,
        input=event,
        reason=reason,
        redrive_count=described.get("redriveCount", 0),
        redrivable=described.get("redriveStatus") == "REDRIVABLE",
    )


def derive_run_id(execution_arn: str, event: Mapping[str, Any]) -> str | None:
    """Return the run id that the function derives from an execution, or None if its input is invalid."""
    keys = {name: event.get(name) for name in ("run_id", "idempotency_key")}
    try:
        return resolve_run_id({**keys, "execution_arn": execution_arn, "state_name": TRIGGER})
    except TriggerError:
        return None


def describe_execution(source: Account, arn: str) -> Execution:
    """Return one execution."""
    return parse_execution(source.states.describe_execution(executionArn=arn))


def describe_all(source: Account, arns: Iterable[str]) -> list[Execution]:
    """Return several executions, in the same order."""
    with ThreadPoolExecutor(_CONCURRENT_CALLS) as pool:
        # boto3 may not create a client in several threads at once.
        _ = source.states
        return list(pool.map(lambda arn: describe_execution(source, arn), arns))


def list_executions(
    source: Account, machine: str, status: ExecutionStatusType | None = None
) -> Iterator[ExecutionListItemTypeDef]:
    """Yield the executions of a state machine, the latest first."""
    chosen = {"statusFilter": status} if status else {}
    pages = source.states.get_paginator("list_executions").paginate(
        stateMachineArn=machine,
        PaginationConfig={"PageSize": 1000},
        **chosen,  # type: ignore[arg-type]
    )
    for page in pages:
        yield from page["executions"]


def find_recent(source: Account, arn: StateMachineArn, count: int) -> list[Execution]:
    """Return the latest executions of the state machine and of its batches."""
    found = [
        item
        for machine in (arn.text, arn.batch)
        for item, _ in zip(_list_if_exists(source, machine), range(count), strict=False)
    ]
    found.sort(key=lambda item: item["startDate"], reverse=True)
    return describe_all(source, [item["executionArn"] for item in found[:count]])


def find_failed(source: Account, arn: StateMachineArn, since: datetime) -> list[Execution]:
    """Return the executions and batches that ended without success since a time, the latest first."""
    found = [
        item
        for machine in (arn.text, arn.batch)
        for status in FAILED_STATUSES
        for item in _list_since(source, machine, status, since)
    ]
    found.sort(key=lambda item: item["stopDate"], reverse=True)
    return describe_all(source, [item["executionArn"] for item in found])


def find_execution(source: Account, system: System, text: str) -> Execution:
    """Return an execution, given its ARN, its name or the beginning of its name.

    Raises
    ------
    ConsoleError
        If there is no such execution, or more than one.
    """
    arn = system.arn
    if text.startswith("arn:"):
        if not arn.owns(text):
            raise ConsoleError(
                f"The execution {execution_name(text)} belongs to another state machine than {arn.name}: set "
                "--state-machine to its state machine."
            )
        if given := _describe_if_exists(source, text):
            return given
        raise ConsoleError(
            f"The execution {execution_name(text)} does not exist: Step Functions keeps executions for 90 days."
        )
    named = (
        _describe_if_exists(source, arn.execution(text, batch=batch)) for batch in (False, True)
    )
    exact = [each for each in named if each]
    if len(exact) == 1:
        return exact[0]
    match [each.arn for each in exact] or _find_by_prefix(source, arn, text):
        case [one]:
            return describe_execution(source, one)
        case []:
            raise ConsoleError(
                f"{arn.name} has no execution whose name begins with {text}: `mwaa-dags status` lists the latest."
            )
        case several:
            names = ", ".join(execution_name(each) for each in several[:3])
            raise ConsoleError(
                f"{len(several)} executions have names that begin with {text}: give more of the name ({names})."
            )


def _find_by_prefix(source: Account, arn: StateMachineArn, text: str) -> list[str]:
    """Return the latest executions and batches whose names begin with the text."""
    return sorted(
        item["executionArn"]
        for machine in (arn.text, arn.batch)
        for item, _ in zip(_list_if_exists(source, machine), range(_SEARCHED), strict=False)
        if item["name"].startswith(text)
    )


def _describe_if_exists(source: Account, arn: str) -> Execution | None:
    try:
        return describe_execution(source, arn)
    except ClientError as error:
        if error_code(error) not in ("ExecutionDoesNotExist", "InvalidArn"):
            raise
        return None


def _list_since(
    source: Account, machine: str, status: ExecutionStatusType, since: datetime
) -> Iterator[ExecutionListItemTypeDef]:
    for item in _list_if_exists(source, machine, status):
        # They are sorted by the time of their end.
        if item["stopDate"] < since:
            return
        yield item


def _list_if_exists(
    source: Account, machine: str, status: ExecutionStatusType | None = None
) -> Iterator[ExecutionListItemTypeDef]:
    """Yield the executions of a state machine. The batch state machine is optional."""
    try:
        yield from list_executions(source, machine, status)
    except ClientError as error:
        if error_code(error) != "StateMachineDoesNotExist":
            raise


def _load(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    return value if isinstance(value, str) else None
