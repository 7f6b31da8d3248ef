"""Executions are found with few calls, and calls that AWS throttles are repeated."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from mwaa_dags.batches import find_failed_children
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.executions import find_execution
from mwaa_dags.history import read_events

from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.scripted import (
    ALIAS,
    ARN,
    INVOKE,
    SYSTEM,
    Responses,
    ScriptedAws,
    identity,
)


def described(arn: str) -> dict[str, object]:
    return {"executionArn": arn, "status": "RUNNING", "startDate": 1, "input": "{}"}


def listed(*names: str) -> dict[str, object]:
    return {"executions": [{"executionArn": ARN.execution(each), "name": each} for each in names]}


@pytest.mark.parametrize("batch", [False, True], ids=["execution", "batch"])
def test_a_complete_name_needs_no_list(*, batch: bool) -> None:
    arn = ARN.execution("one", batch=batch)
    both: list[dict[str, object] | str] = [described(arn), "ExecutionDoesNotExist"]
    responses: Responses = {"DescribeExecution": both[::-1] if batch else both}
    with ScriptedAws(responses) as aws:
        assert find_execution(aws.operator().source, SYSTEM, "one").arn == arn


def test_the_beginning_of_a_name_is_searched_in_the_largest_pages() -> None:
    responses: Responses = {
        "DescribeExecution": ["ExecutionDoesNotExist", "InvalidArn", described("x")],
        "ListExecutions": [listed("one", "two"), listed()],
    }
    with ScriptedAws(responses) as aws:
        assert find_execution(aws.operator().source, SYSTEM, "on").arn == "x"

    lists = [json.loads(body) for name, body in aws.requests if name == "ListExecutions"]
    assert [each["maxResults"] for each in lists] == [1000, 1000]


def test_a_history_is_read_in_the_largest_pages() -> None:
    with ScriptedAws({"GetExecutionHistory": [{"events": []}]}) as aws:
        read_events(aws.operator().source, ARN.execution("one"))

    assert json.loads(aws.requests[0][1])["maxResults"] == 1000


def test_the_items_of_a_batch_are_listed_in_the_largest_pages() -> None:
    with ScriptedAws({"ListExecutions": [listed()]}) as aws:
        assert not list(find_failed_children(aws.operator().source, "map run"))

    assert json.loads(aws.requests[0][1])["maxResults"] == 1000


def test_a_throttled_call_is_repeated() -> None:
    responses: Responses = {
        "GetCallerIdentity": [identity(TARGET_ACCOUNT)],
        ALIAS: [*["TooManyRequestsException"] * 3, {"FunctionVersion": "7"}],
    }
    with ScriptedAws(responses) as aws:
        assert Facts(aws.operator()).alias_version == "7"


def test_an_invocation_is_never_repeated() -> None:
    responses: Responses = {
        "GetCallerIdentity": [identity(TARGET_ACCOUNT)],
        INVOKE: ["TooManyRequestsException", {}],
    }
    with ScriptedAws(responses) as aws, pytest.raises(ClientError, match="TooManyRequests"):
        Facts(aws.operator()).invoke(action="status")
