"""An execution is started and followed, although DescribeExecution is eventually consistent and calls can fail."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest
from mwaa_dags import follow
from mwaa_dags.output import Output

from tests.support.local_aws.scripted import ARN, Responses, ScriptedAws

EXECUTION = ARN.execution("one")
RUNNING = {"executionArn": EXECUTION, "status": "RUNNING", "startDate": 1, "input": "{}"}
SUCCEEDED = {**RUNNING, "status": "SUCCEEDED", "stopDate": 2}
ENDED = {"events": [{"id": 1, "type": "ExecutionSucceeded", "timestamp": 2}]}
AGAIN = "Follow it again with: mwaa-dags status --follow one"


def follow_execution(responses: Responses, *, as_json: bool = False) -> int:
    with ScriptedAws(responses) as aws:
        return follow.follow(aws.operator(), Output(as_json=as_json), EXECUTION)


@pytest.mark.parametrize(
    "described",
    [[RUNNING, RUNNING, SUCCEEDED], ["ExecutionDoesNotExist", RUNNING, SUCCEEDED]],
    ids=["still running", "does not exist yet"],
)
def test_an_old_description_does_not_change_the_result(
    described: list[dict[str, object] | str],
) -> None:
    responses: Responses = {"DescribeExecution": described, "GetExecutionHistory": [ENDED]}

    assert follow_execution(responses) == follow.SUCCEEDED


def test_an_execution_that_stays_running_is_unfinished() -> None:
    responses: Responses = {"DescribeExecution": [RUNNING], "GetExecutionHistory": [ENDED]}

    with patch.object(follow, "_DELAY", 0.0):
        assert follow_execution(responses) == follow.UNFINISHED


@pytest.mark.parametrize("failed", ["DescribeExecution", "GetExecutionHistory"])
def test_a_failed_call_says_how_to_follow_again(
    capsys: pytest.CaptureFixture[str], failed: str
) -> None:
    responses: Responses = {
        "DescribeExecution": [RUNNING],
        "GetExecutionHistory": [ENDED],
        failed: ["ExpiredTokenException"],
    }

    assert follow_execution(responses) == follow.UNFINISHED
    printed = capsys.readouterr().out
    assert "The AWS credentials have expired: log in again" in printed
    assert AGAIN in printed


def test_a_failed_call_is_named_in_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    responses: Responses = {"DescribeExecution": ["ExpiredTokenException"]}

    assert follow_execution(responses, as_json=True) == follow.UNFINISHED
    printed = json.loads(capsys.readouterr().out)
    assert (printed["execution"], printed["status"]) == (EXECUTION, "RUNNING")
    assert "credentials have expired" in printed["message"]


def test_a_start_needs_no_description() -> None:
    responses: Responses = {
        "StartExecution": [{"executionArn": EXECUTION, "startDate": 1}],
        "DescribeExecution": ["ExecutionDoesNotExist"],
    }
    with ScriptedAws(responses) as aws:
        assert follow.start(aws.operator(), {}, name="one", batch=False) == EXECUTION
