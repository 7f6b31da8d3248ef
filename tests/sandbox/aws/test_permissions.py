"""The local AWS checks permissions for the MWAA API and STS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, TARGET_ACCOUNT
from sandbox.mwaa.http import Request, Response
from tests.support.local_aws.state_machines import create_role


class StubFront:
    """Responds with the request and its caller."""

    def respond(self, request: Request) -> Response:
        line = f"{request.method} {request.path}"
        body = {"CliToken": line, "Environments": [line], "IamIdentity": request.caller}
        return Response(200, json.dumps(body).encode())


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    with AwsServer({TARGET_ACCOUNT: StubFront()}) as aws:
        yield aws


def mwaa_client(aws: AwsServer, role: str) -> Any:
    session = aws.service_session("lambda.amazonaws.com", role_arn=role, context={})
    return session.client("mwaa", endpoint_url=aws.url, config=Config(inject_host_prefix=False))


@pytest.fixture
def caller(aws: AwsServer, target: Account) -> Any:
    """An MWAA client of a role that may use one environment. Its requests have no host prefix."""
    role = create_role(
        target,
        "caller",
        trust={"Principal": {"Service": "lambda.amazonaws.com"}},
        allow=[
            {
                "Action": ["airflow:GetEnvironment", "airflow:CreateCliToken"],
                "Resource": f"arn:aws:airflow:{REGION}:{TARGET_ACCOUNT}:environment/sandbox",
            }
        ],
    )
    return mwaa_client(aws, role)


def test_an_allowed_request_reaches_the_front(caller: Any) -> None:
    assert caller.create_cli_token(Name="sandbox")["CliToken"] == "POST /clitoken/sandbox"


def test_the_front_receives_the_caller_and_the_query(aws: AwsServer, target: Account) -> None:
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    allow = {"Action": "airflow:*", "Resource": "*"}
    client = mwaa_client(aws, create_role(target, "caller", trust=trust, allow=[allow]))

    names = client.list_environments(MaxResults=3, NextToken="t")["Environments"]
    identity = client.create_web_login_token(Name="sandbox")["IamIdentity"]

    assert names == ["GET /environments?MaxResults=3&NextToken=t"]
    assert identity == f"arn:aws:sts::{TARGET_ACCOUNT}:assumed-role/caller/lambda"


def test_listing_environments_requires_permission_for_all_resources(caller: Any) -> None:
    with pytest.raises(ClientError) as error:
        caller.list_environments()

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "airflow:ListEnvironments on resource: *" in str(error.value)


def test_an_account_without_mwaa_has_no_environments(aws: AwsServer, source: Account) -> None:
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    allow = {"Action": "airflow:*", "Resource": "*"}
    client = mwaa_client(aws, create_role(source, "caller", trust=trust, allow=[allow]))

    assert client.list_environments()["Environments"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_environment(Name="sandbox")


@pytest.mark.parametrize(
    ("role", "allowed"), [pytest.param("Op", True), pytest.param("NoSuchRole", False)]
)
@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        pytest.param("invoke_rest_api", {"Path": "/dags", "Method": "GET"}, id="rest"),
        pytest.param("create_web_login_token", {}, id="web-login"),
    ],
)
def test_a_permission_for_an_airflow_role_requires_a_known_role(
    aws: AwsServer,
    target: Account,
    *,
    action: str,
    parameters: dict[str, str],
    role: str,
    allowed: bool,
) -> None:
    arn = create_role(
        target,
        "rest",
        trust={"Principal": {"Service": "lambda.amazonaws.com"}},
        allow=[
            {
                "Action": f"airflow:{action.title().replace('_', '')}",
                "Resource": f"arn:aws:airflow:{REGION}:{TARGET_ACCOUNT}:role/sandbox/{role}",
            }
        ],
    )
    client = mwaa_client(aws, arn)
    if allowed:
        assert getattr(client, action)(Name="sandbox", **parameters)
    else:
        with pytest.raises(client.exceptions.AccessDeniedException):
            getattr(client, action)(Name="sandbox", **parameters)


def test_an_attached_policy_gives_permissions(aws: AwsServer, target: Account) -> None:
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    client = mwaa_client(aws, create_role(target, "attached", trust=trust))
    statement = {"Effect": "Allow", "Action": "airflow:ListEnvironments", "Resource": "*"}
    policy = target.iam.create_policy(
        PolicyName="list",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    target.iam.attach_role_policy(RoleName="attached", PolicyArn=policy["Policy"]["Arn"])

    assert client.list_environments()["Environments"]


@pytest.mark.parametrize("action", ["get_environment", "create_cli_token"])
def test_an_environment_outside_the_policy_is_denied(caller: Any, action: str) -> None:
    with pytest.raises(ClientError) as error:
        getattr(caller, action)(Name="other")

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"


def test_a_role_that_does_not_trust_the_caller_cannot_be_assumed(source: Account) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole") as error:
        source.sts.assume_role(
            RoleArn=f"arn:aws:iam::{TARGET_ACCOUNT}:role/deployer", RoleSessionName="test"
        )

    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_a_role_that_does_not_exist_cannot_be_assumed(source: Account) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        source.sts.assume_role(
            RoleArn=f"arn:aws:iam::{TARGET_ACCOUNT}:role/missing", RoleSessionName="test"
        )
