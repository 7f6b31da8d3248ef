"""Why an execution failed: the message alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mwaa_dags.reasons import Reason, hide_conf, parse_reason

EXECUTION = "arn:aws:states:eu-central-1:111111111111:execution:NAME:one"
IDS = f" (execution {EXECUTION}, run id sfn__one_abc)"


def cause(message: str) -> str:
    return json.dumps({"errorMessage": message, "errorType": "X", "stackTrace": ["File app.py"]})


@pytest.mark.parametrize(
    ("given", "message", "run_id"),
    [
        (cause(f"DAG x is unknown.{IDS}"), "DAG x is unknown.", "sfn__one_abc"),
        (cause("DAG x is unknown. (run id a)"), "DAG x is unknown.", "a"),
        (cause(f"Bad field. (execution {EXECUTION})"), "Bad field.", None),
        (cause("RequestId: 0a-1b Error: Task timed out"), "Task timed out", None),
        ("The role r is not authorized.", "The role r is not authorized.", None),
        ("No '$.x' in the input '{\"conf\": \"secret\"}'", "No '$.x' in the input '…", None),
        ("", "", None),
    ],
    ids=["ids", "run id", "execution", "request id", "plain", "quoted input", "empty"],
)
def test_a_message_has_neither_stack_trace_nor_ids_nor_input(
    given: str, message: str, run_id: str | None
) -> None:
    assert parse_reason("X", given) == Reason(error="X", message=message, run_id=run_id)


def test_the_reason_of_an_item_is_the_reason_of_its_execution() -> None:
    nested = {
        "ExecutionArn": EXECUTION,
        "Input": '{"mwaa_dag_conf": {"client": "acme"}}',
        "Error": "DagNotFound",
        "Cause": cause(f"DAG x is unknown.{IDS}"),
    }

    reason = parse_reason("States.TaskFailed", json.dumps(nested))

    assert reason == Reason(
        error="DagNotFound",
        message="DAG x is unknown.",
        run_id="sfn__one_abc",
        execution_arn=EXECUTION,
    )


@pytest.mark.parametrize("convert", [dict, json.dumps], ids=["object", "string"])
def test_values_of_the_conf_are_hidden(convert: Callable[[Any], Any]) -> None:
    text = "acme has 12345 rows in ab, and acme2 none"
    conf = convert({"a": ["acme", {"b": 12345}], "c": "ab"})

    assert hide_conf(text, conf) == "… has … rows in ab, and acme2 none"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("got top secret\nvalue here", "got … here"),
        ("got top  secret value here", "got … here"),
        (r"got 'top secret\nvalue' here", "got '…' here"),
        ("x" * 595 + " top secret\nvalue", "x" * 595 + " …"),
    ],
    ids=["newline", "other whitespace", "escaped newline", "at the cut"],
)
def test_a_value_of_the_conf_is_hidden_before_the_message_is_shortened(
    message: str, shown: str
) -> None:
    event = {"mwaa_dag_conf": {"a": "top secret\nvalue", "b": " \n "}}

    assert parse_reason("Preliminary", message, event) == Reason(error="Preliminary", message=shown)
