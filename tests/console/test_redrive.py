"""Which executions a redrive refuses, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from mwaa_dags.executions import parse_execution
from mwaa_dags.redrive import PARENT, plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("is_named", "refusal"),
    [
        (False, "an item: redrive its batch, or name the item if the batch succeeded"),
        (True, None),
    ],
    ids=["with all failed executions", "named"],
)
def test_the_execution_of_an_item_is_redriven_if_it_is_named(
    *, is_named: bool, refusal: str | None
) -> None:
    item = parse_execution(
        {
            "executionArn": "arn:aws:states:eu-central-1:111111111111:execution:NAME:item",
            "stateMachineArn": "arn:aws:states:eu-central-1:111111111111:stateMachine:NAME",
            "status": "FAILED",
            "startDate": NOW,
            "stopDate": NOW,
            "input": json.dumps({PARENT: "batch"}),
            "error": "MwaaBusy",
            "cause": "",
            "redriveStatus": "REDRIVABLE",
        }  # type: ignore[typeddict-item]
    )

    assert [each.refusal for each in plan([item], force=False, with_items=is_named)] == [refusal]
