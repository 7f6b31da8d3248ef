"""The items of a batch and their executions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
from mwaa_dags.batches import create_missing, find_nested
from mwaa_dags.executions import parse_execution
from mwaa_dags.remaining import print_remaining

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

BATCH = "arn:aws:states:eu-central-1:111111111111:execution:NAME-batch:one"


def test_a_redriven_item_has_the_execution_that_its_last_redrive_started() -> None:
    events = [
        {
            "type": "TaskSubmitted",
            "taskSubmittedEventDetails": {"output": json.dumps({"ExecutionArn": arn})},
        }
        for arn in ("first", "second")
    ]
    events.append({"type": "TaskSucceeded"})

    assert find_nested(cast("list[HistoryEventTypeDef]", events)) == "second"


def test_remaining_names_what_it_omits_because_it_is_no_item(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values = ["acme", {"mwaa_dag_name": "x"}, None, [1], {}]
    batch = parse_execution(
        {"executionArn": BATCH, "status": "FAILED", "startDate": datetime.now(UTC)}  # type: ignore[typeddict-item]
    )

    print_remaining(batch, [create_missing(BATCH, *pair) for pair in enumerate(values)])

    printed = capsys.readouterr()
    assert json.loads(printed.out) == [{"mwaa_dag_name": "x", "idempotency_key": f"{BATCH}:1"}]
    assert printed.err == "Omitted: item 0, 2, 3, 4. An item must be an object with fields.\n"
