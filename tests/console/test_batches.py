"""The items of a batch and their executions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from mwaa_dags.batches import find_nested

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef


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
