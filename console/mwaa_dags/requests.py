"""The input of executions, checked offline by the function's own parser."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mwaa_dags_trigger.errors import InvalidRequest
from mwaa_dags_trigger.request import INPUT_FIELDS, parse

from mwaa_dags.arns import StateMachineArn
from mwaa_dags.errors import ConsoleError
from mwaa_dags.rows import read_rows
from mwaa_dags.system import TRIGGER

MAX_INPUT_BYTES = 262_144
"""AWS: "StartExecution" in the AWS Step Functions API Reference."""


def create_event(arn: StateMachineArn, *, dag: str, env: str, conf: str | None) -> dict[str, Any]:
    """Return the input of an execution.

    Raises
    ------
    ConsoleError
        If the function would reject it.
    """
    event: dict[str, Any] = {"mwaa_env_name": env, "mwaa_dag_name": dag}
    if conf is not None:
        event["mwaa_dag_conf"] = _parse_conf(_read(conf))
    check_event(arn, event)
    return event


def check_event(arn: StateMachineArn, event: Mapping[str, Any]) -> None:
    """Check the input of an execution as the function does."""
    given = {name: event[name] for name in INPUT_FIELDS if name in event}
    added = {"execution_arn": arn.execution("name"), "state_name": TRIGGER}
    try:
        parse({**given, **added, "input_fields": list(event)})
    except InvalidRequest as error:
        raise ConsoleError(error.problem) from None


def read_batch_input(arn: StateMachineArn, file: str) -> dict[str, Any]:
    """Return the input of a batch: the items in a `.json` or `.csv` file, or in JSON on the standard input.

    Raises
    ------
    ConsoleError
        If the file is not a list, or the function would reject an item.
    """
    text = sys.stdin.read() if file == "-" else _read_file(file)
    named = (
        _name_rows(text) if file.lower().endswith(".csv") else _name_items(_load(text, file), file)
    )
    for name, item in named:
        try:
            check_event(arn, item)
        except ConsoleError as error:
            raise ConsoleError(f"{name}: {error}") from None
    items = [item for _, item in named]
    batch = {"dag_runs": items}
    size = len(json.dumps(batch).encode())
    if size > MAX_INPUT_BYTES:
        raise ConsoleError(
            f"The batch has {size} bytes, but the input of an execution can have {MAX_INPUT_BYTES}: upload the file "
            "to the bucket of the batches, and start the batch state machine with its bucket and key."
        )
    return batch


def _name_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the items in a CSV file with their rows, without rows of empty cells."""
    columns, items = read_rows(text)
    if len(set(columns)) < len(columns):
        raise ConsoleError("Row 1: each column must have a different name.")
    if "conf." in columns:
        raise ConsoleError(
            "Row 1: the column conf. must end with the name of a field of the conf, such as conf.client."
        )
    return [(f"Row {number}", item) for number, item in enumerate(items, 2) if item]


def _name_items(items: object, file: str) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(items, list):
        raise ConsoleError(f"{file} must contain a list of items, such as [{{...}}, {{...}}].")
    named = [(f"Item {index}, counted from 0", item) for index, item in enumerate(items)]
    for name, item in named:
        if not isinstance(item, dict):
            raise ConsoleError(f"{name}, must be an object.")
    return named


def _read(text: str) -> str:
    """Return the conf itself, or the content of a file or of the standard input."""
    if text == "-":
        return sys.stdin.read()
    return _read_file(text[1:]) if text.startswith("@") else text


def _parse_conf(text: str) -> Mapping[str, Any]:
    conf = _load(text, "--conf")
    if not isinstance(conf, dict):
        raise ConsoleError('--conf must be a JSON object, such as \'{"client": "acme"}\'.')
    return conf


def _load(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        place = (
            f" (line {error.lineno}, column {error.colno})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise ConsoleError(f"{name} must be valid JSON{place}.") from None


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConsoleError(f"{name} cannot be read: {reason}.") from None


def summarize(event: Mapping[str, Any]) -> str:
    """Return what an input requests, without its conf."""
    items: Sequence[Any] | None = event.get("dag_runs")
    return (
        f"batch of {len(items)}"
        if items is not None
        else f"{event['mwaa_dag_name']} in {event['mwaa_env_name']}"
    )
