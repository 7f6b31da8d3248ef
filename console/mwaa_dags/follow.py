"""Start executions, and follow them until they end."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from mwaa_dags.accounts import Account, error_code, explain
from mwaa_dags.arns import short_name
from mwaa_dags.batch_status import describe_item
from mwaa_dags.batches import Item, find_failed_children, find_map_run
from mwaa_dags.errors import ConsoleError
from mwaa_dags.executions import Execution, describe_execution
from mwaa_dags.history import Step, find_next_attempt, parse_steps, read_events, read_events_after
from mwaa_dags.output import Output, format_duration
from mwaa_dags.status import show_execution
from mwaa_dags.system import CHECK, TRIGGER, Operator

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

SUCCEEDED, FAILED, UNFINISHED = 0, 1, 2
"""Exit codes. The last means that the execution was stopped or is still running, or that following it failed."""
_RUNNING = ("RUNNING", "PENDING_REDRIVE")
_EXIT_CODES = {"SUCCEEDED": SUCCEEDED, **dict.fromkeys(("ABORTED", *_RUNNING), UNFINISHED)}
_MIN_PAUSE, _MAX_PAUSE = 0.5, 5.0
"""Seconds between two calls. They grow, because an execution can wait for hours."""
_DELAY = 30.0
"""Seconds within which DescribeExecution, which is eventually consistent (AWS: "DescribeExecution"), is up to date."""


def start(operator: Operator, event: Mapping[str, Any], *, name: str | None, batch: bool) -> str:
    """Start an execution, or find the running execution with the same name and input. Return its ARN.

    The name is always sent: a call that is repeated after a lost response then starts nothing twice ("StartExecution"
    in the AWS Step Functions API Reference).
    """
    arn = operator.system.arn
    try:
        return operator.source.states.start_execution(
            stateMachineArn=arn.batch if batch else arn.text,
            name=name or str(uuid.uuid4()),
            input=json.dumps(event),
        )["executionArn"]
    except ClientError as error:
        match error_code(error):
            case "ExecutionAlreadyExists":
                raise ConsoleError(
                    f"An execution with the name {name} has ended, or has another input: choose another name, or "
                    f"see `mwaa-dags status {name}`."
                ) from None
            case "StateMachineDoesNotExist":
                raise ConsoleError(
                    f"There is no batch state machine {arn.name}-batch: set `batch`, and apply the source."
                ) from None
        raise


def follow(operator: Operator, output: Output, arn: str) -> int:
    """Show what an execution does until it ends, then its result. Return the exit code."""
    status = "RUNNING"
    try:
        execution = _describe(operator.source, arn)
        if operator.system.arn.is_batch(arn):
            _follow_batch(operator.source, output, execution)
        else:
            _follow_states(operator, output, execution)
        ended = _describe(operator.source, arn, has_ended=True)
        status = ended.status
        output.line()
        show_execution(operator, output, ended)
    except KeyboardInterrupt:
        problem = "The execution continues."
    except (BotoCoreError, ClientError) as error:
        problem = explain(error)
    else:
        return _EXIT_CODES.get(status, FAILED)
    output.line(f"{problem} Follow it again with: mwaa-dags status --follow {short_name(arn)}")
    output.json({"execution": arn, "status": status, "message": problem})
    return _EXIT_CODES.get(status, FAILED)


def describe_progress(steps: Sequence[Step], states: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the head and the text of a line for each attempt that is repeated, and for each task that has ended.

    With more steps, lines are only added.
    """
    lines: list[tuple[str, str]] = []
    polls = 0
    for step in steps:
        polls += step.state == CHECK
        for number, attempt in enumerate(step.attempts, 1):
            if attempt.reason is None or attempt.ended is None:
                continue
            seen = Step(
                state=step.state,
                kind=step.kind,
                entered=step.entered,
                attempts=step.attempts[:number],
                retries_from=step.retries_from if number > step.retries_from else 0,
            )
            following = find_next_attempt(seen, states.get(step.state, {}).get("Retry", []))
            if following:
                delay = format_duration(following.time - attempt.ended)
                within = "within" if following.has_jitter else "in"
                text = (
                    f"attempt {number} failed, {attempt.reason.error}: {attempt.reason.message.rstrip('.')}; "
                    f"next attempt {within} {delay}"
                )
                lines.append(_line(attempt.ended, step.state, text))
        if step.exited and step.kind == "Task":
            lines.append(_line(step.exited, step.state, _describe_exit(step, polls)))
    return lines


def _describe(source: Account, arn: str, *, has_ended: bool = False) -> Execution:
    """Return an execution that has started or ended. DescribeExecution may show it a moment later."""
    deadline = time.monotonic() + _DELAY
    while True:
        is_late = time.monotonic() >= deadline
        try:
            execution = describe_execution(source, arn)
            if is_late or not has_ended or execution.status not in _RUNNING:
                return execution
        except ClientError as error:
            if is_late or error_code(error) != "ExecutionDoesNotExist":
                raise
        time.sleep(_MIN_PAUSE)


def _follow_states(operator: Operator, output: Output, execution: Execution) -> None:
    events: list[HistoryEventTypeDef] = []
    printed = 0
    for _ in _pauses():
        events += (
            read_events_after(operator.source, execution.arn, events[-1]["id"])
            if events
            else read_events(operator.source, execution.arn)
        )
        lines = describe_progress(parse_steps(events, execution.input), operator.system.states)
        for head, text in lines[printed:]:
            output.wrapped(text, indent=" " * 12, first=head)
        printed = len(lines)
        if events and _is_end(events[-1]["type"]):
            return


def _follow_batch(source: Account, output: Output, execution: Execution) -> None:
    shown: set[int] = set()
    last = ""
    with _progress(output) as (progress, task):
        for _ in _pauses():
            is_running = describe_execution(source, execution.arn).status == "RUNNING"
            run = find_map_run(source, execution)
            if run:
                counts = run["itemCounts"]
                ended = sum(counts[key] for key in ("succeeded", "failed", "timedOut", "aborted"))
                progress.update(task, completed=ended, total=counts["total"])
                if counts["failed"] > len(shown):
                    for item in find_failed_children(source, run["mapRunArn"]):
                        if item.index not in shown:
                            shown.add(item.index)
                            output.wrapped(_describe_failed(item), indent="  ", first="")
                text = f"{ended} of {counts['total']} items have ended, {counts['failed']} failed"
                if text != last and counts["total"] and not output.is_interactive:
                    output.line(text)
                last = text
            if not is_running:
                return


@contextmanager
def _progress(output: Output) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("Items"), BarColumn(bar_width=40), MofNCompleteColumn())
    bar = Progress(
        *columns, console=output.console, transient=True, disable=not output.is_interactive
    )
    with bar:
        yield bar, bar.add_task("items", total=None)


def _pauses() -> Iterator[None]:
    pause = _MIN_PAUSE
    while True:
        yield
        time.sleep(pause)
        pause = min(pause * 1.2, _MAX_PAUSE)


def _describe_exit(step: Step, polls: int) -> str:
    result = step.attempts[-1].result if step.attempts else {}
    if step.state == TRIGGER and "dag_run_id" in result:
        verb = "created" if result.get("created") else "found"
        return f"{verb} DAG run {result['dag_run_id']}"
    if step.state == CHECK and "state" in result:
        return f"{result['state']}, poll {polls}"
    return "done"


def _describe_failed(item: Item) -> str:
    name = short_name(item.execution_arn) if item.execution_arn else "-"
    message = item.reason.message if item.reason else ""
    return f"item {item.index}  {name}  {item.dag_id}  {describe_item(item)}: {message}"


def _line(when: datetime, state: str, text: str) -> tuple[str, str]:
    return f"{when.astimezone():%H:%M:%S}  {state:<20}  ", text


def _is_end(event_type: str) -> bool:
    return event_type in (
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ExecutionAborted",
        "ExecutionTimedOut",
    )
