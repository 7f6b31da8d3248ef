"""Requests of a function have the function as their condition key, and other requests with its role do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.mwaa.http import Request, Response
from tests.support.local_aws.state_machines import create_function, create_role

PREFIX = f"arn:aws:lambda:{REGION}:{TARGET_ACCOUNT}:function"
ENVIRONMENT = f"arn:aws:airflow:{REGION}:{TARGET_ACCOUNT}:environment/sandbox"
CODE = """
import boto3
def lambda_handler(event, context):
    return boto3.client("mwaa").get_environment(Name="sandbox")["Environment"]
"""


class Front:
    """Responds to every request with an environment."""

    def respond(self, request: Request) -> Response:
        return Response(200, b'{"Environment": {"Name": "sandbox"}}')


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    with AwsServer({TARGET_ACCOUNT: Front()}) as aws:
        yield aws


@pytest.fixture
def role(target: Account) -> str:
    """A role whose permissions apply in the function `one` only."""
    in_one = {"ArnLike": {"lambda:SourceFunctionArn": f"{PREFIX}:one"}}
    return create_role(
        target,
        "shared",
        trust={"Principal": {"Service": "lambda.amazonaws.com"}},
        allow=[
            {"Action": "airflow:GetEnvironment", "Resource": ENVIRONMENT, "Condition": in_one},
            {
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": "*",
                "Condition": in_one,
            },
        ],
    )


def create(target: Account, name: str, role: str) -> None:
    target.logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
    create_function(target, name, CODE, role=role)


def invoke(target: Account, name: str) -> list[Any]:
    """Return the responses of a cold and a warm invocation."""
    return [
        json.load(target.functions.invoke(FunctionName=name, Payload=b"{}")["Payload"])
        for _ in range(2)
    ]


def logged(target: Account, name: str) -> list[Any]:
    return target.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]


def test_the_function_in_the_condition_can_call_mwaa_and_write_its_log(
    target: Account, role: str
) -> None:
    create(target, "one", role)

    assert invoke(target, "one") == [{"Name": "sandbox"}] * 2
    assert logged(target, "one")


def test_a_function_with_a_longer_name_and_the_same_role_is_denied(
    target: Account, role: str
) -> None:
    create(target, "one-more", role)

    responses = invoke(target, "one-more")

    assert ["AccessDeniedException" in response["errorMessage"] for response in responses] == [
        True
    ] * 2
    assert not logged(target, "one-more")


def test_an_administrator_has_no_permissions_in_the_other_account(
    aws: AwsServer, target: Account, role: str
) -> None:
    create(target, "one", role)
    source = Account(aws.url, SOURCE_ACCOUNT)

    with pytest.raises(ClientError, match="not authorized to perform: lambda:InvokeFunction"):
        source.functions.invoke(FunctionName=f"{PREFIX}:one")
