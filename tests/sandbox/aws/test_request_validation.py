"""The gateway of the local AWS rejects requests that violate the API models of AWS."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import PRELIMINARY_FUNCTION, REGION, SOURCE_ACCOUNT

Call = Callable[..., Any]

CODES = {
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
    "lambda": "ValidationException",
    "logs": "InvalidParameterException",
    "mwaa": "ValidationException",
    "s3": "InvalidArgument",
    "stepfunctions": "ValidationException",
    "sts": "ValidationError",
}

CODE = {"Code": {"ZipFile": b"zip"}, "FunctionName": "function"}
MACHINE = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:machine"
ROLE = f"arn:aws:iam::{SOURCE_ACCOUNT}:role/role"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "states.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
TAG_PATTERN = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    with AwsServer() as aws:
        yield aws


@pytest.fixture(scope="module")
def call(aws: AwsServer) -> Call:
    """Calls an operation of a service without the validation of botocore."""
    session = Account(aws.url, SOURCE_ACCOUNT).session

    @functools.cache
    def client(service: str) -> Any:
        return session.client(
            service,  # type: ignore[call-overload]  # the stubs accept only literal names
            endpoint_url=aws.url,
            config=Config(
                inject_host_prefix=False,
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )

    def call(operation: str, **parameters: Any) -> Any:
        service, _, method = operation.partition(".")
        return getattr(client(service), method)(**parameters)

    return call


def refusal(call: Call, operation: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(operation, **parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def must(member: str, constraint: str, value: str | None = None) -> str:
    shown = "" if value is None else f" {value}"
    return f"Value{shown} at '{member}' failed to satisfy constraint: Member must {constraint}"


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        pytest.param(
            "stepfunctions.describe_execution",
            {},
            must("executionArn", "not be null", "null"),
            id="json-required",
        ),
        pytest.param(
            "stepfunctions.list_executions",
            {"stateMachineArn": MACHINE, "statusFilter": "succeeded"},
            must(
                "statusFilter",
                "satisfy enum value set: [RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED, PENDING_REDRIVE]",
                "'succeeded'",
            ),
            id="json-enum",
        ),
        pytest.param(
            "stepfunctions.list_executions",
            {"stateMachineArn": MACHINE, "maxResults": 1001},
            must("maxResults", "have value less than or equal to 1000", "'1001'"),
            id="json-range",
        ),
        pytest.param(
            "stepfunctions.create_state_machine",
            {"name": "machine", "definition": "{}", "roleArn": "r" * 257},
            must("roleArn", "have length less than or equal to 256", f"'{'r' * 257}'"),
            id="json-length",
        ),
        pytest.param(
            "stepfunctions.describe_execution",
            {"executionArn": 5},
            must("executionArn", "be a string", "'5'"),
            id="json-type",
        ),
        pytest.param(
            "logs.create_log_group",
            {"logGroupName": "team:states"},
            must(
                "logGroupName",
                r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
                "'team:states'",
            ),
            id="json-pattern",
        ),
        pytest.param(
            "iam.create_role",
            {
                "RoleName": "role",
                "AssumeRolePolicyDocument": "{}",
                "Tags": [{"Key": "Team", "Value": "data"}, {"Key": "Unit", "Value": "R&D"}],
            },
            must("tags.2.member.value", f"satisfy regular expression pattern: {TAG_PATTERN}"),
            id="query-pattern-in-a-list",
        ),
        pytest.param(
            "iam.tag_role",
            {
                "RoleName": "role",
                "Tags": [{"Key": f"Key {number}", "Value": ""} for number in range(51)],
            },
            must("tags", "have length less than or equal to 50"),
            id="query-list-size",
        ),
        pytest.param(
            "sts.assume_role",
            {"RoleArn": ROLE, "RoleSessionName": "zoë"},
            must("roleSessionName", r"satisfy regular expression pattern: [\w+=,.@-]*", "'zoë'"),
            id="query-pattern-is-ascii",
        ),
        pytest.param(
            "ec2.describe_vpcs",
            {"MaxResults": 4},
            must("maxResults", "have value greater than or equal to 5", "'4'"),
            id="ec2-range",
        ),
        pytest.param(
            "lambda.create_function",
            {
                **CODE,
                "Role": ROLE,
                "VpcConfig": {"SecurityGroupIds": [f"sg-{number}" for number in range(6)]},
            },
            must(
                "vpcConfig.securityGroupIds",
                "have length less than or equal to 5",
                "'[sg-0, sg-1, sg-2, sg-3, sg-4, sg-5]'",
            ),
            id="rest-json-list-size",
        ),
        pytest.param(
            "lambda.create_function",
            {**CODE, "Role": ROLE, "Architectures": ["mips"]},
            must(
                "architectures",
                "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]",
                "'[mips]'",
            ),
            id="rest-json-items-of-a-list",
        ),
        pytest.param(
            "lambda.create_function",
            {**CODE, "Role": ROLE, "Tags": {"Team": "R&D"}},
            "Value '{Team=R&D}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: "
            "[Member must have length less than or equal to 256, Member must have length greater than or "
            f"equal to 0, Member must satisfy regular expression pattern: ({TAG_PATTERN})]",
            id="rest-json-values-of-a-map",
        ),
        pytest.param(
            "lambda.get_function",
            {"FunctionName": "f" * 257},
            must("functionName", "have length less than or equal to 256", f"'{'f' * 257}'"),
            id="rest-json-path",
        ),
        pytest.param(
            "mwaa.invoke_rest_api",
            {"Name": "sandbox", "Path": f"/{'d' * 64}", "Method": "GET"},
            must("path", "have length less than or equal to 64", f"'/{'d' * 64}'"),
            id="rest-json-body",
        ),
        pytest.param(
            "mwaa.list_environments",
            {"MaxResults": 26},
            must("maxResults", "have value less than or equal to 25", "'26'"),
            id="rest-json-query",
        ),
        pytest.param(
            "s3.put_object",
            {"Bucket": "bucket", "Key": "key", "ACL": "anybody"},
            must(
                "aCL",
                "satisfy enum value set: [private, public-read, public-read-write, authenticated-read, "
                "aws-exec-read, bucket-owner-read, bucket-owner-full-control]",
                "'anybody'",
            ),
            id="rest-xml-header",
        ),
    ],
)
def test_a_violation_is_reported_with_the_message_of_aws(
    call: Call, operation: str, parameters: dict[str, Any], message: str
) -> None:
    code = CODES[operation.partition(".")[0]]

    assert refusal(call, operation, **parameters) == (
        code,
        f"1 validation error detected: {message}",
    )


def test_all_violations_are_reported(call: Call) -> None:
    code, message = refusal(call, "sts.assume_role", RoleSessionName="a", DurationSeconds=899)

    assert code == "ValidationError"
    assert message == "3 validation errors detected: " + "; ".join(
        [
            must("roleArn", "not be null", "null"),
            must("roleSessionName", "have length greater than or equal to 2", "'a'"),
            must("durationSeconds", "have value greater than or equal to 900", "'899'"),
        ]
    )


@pytest.mark.parametrize(
    ("operation", "parameters", "shown"),
    [
        pytest.param(
            "stepfunctions.send_task_success",
            {"taskToken": "token", "output": "secret" * 50_000},
            "Value at 'output' failed",
            id="member",
        ),
        pytest.param(
            "lambda.create_function",
            {**CODE, "Role": ROLE, "Environment": {"Variables": {"1": "secret"}}},
            "Value at 'environment.variables' failed",
            id="map",
        ),
        pytest.param(
            "events.create_connection",
            {
                "Name": "connection",
                "AuthorizationType": "API_KEY",
                "AuthParameters": {
                    "InvocationHttpParameters": {
                        "HeaderParameters": [{"Key": "Key", "Value": "secret"}] * 101
                    }
                },
            },
            "(key=Key, value=*** Sensitive Data Redacted ***)",
            id="inside-a-list",
        ),
    ],
)
def test_a_sensitive_value_is_not_shown(
    call: Call, operation: str, parameters: dict[str, Any], shown: str
) -> None:
    _, message = refusal(call, operation, **parameters)

    assert shown in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("events.put_rule", {"Name": "rule", "EventPattern": "{}"}, id="json"),
        pytest.param(
            "iam.create_role",
            {
                "RoleName": "clean",
                "AssumeRolePolicyDocument": json.dumps({"Statement": [STATEMENT]}),
                "Tags": [{"Key": "Größe", "Value": "a b_.:/=+-@"}],
            },
            id="query",
        ),
        pytest.param(
            "ec2.create_security_group",
            {"GroupName": "clean", "Description": "Aa 1._-:/()#,@[]+=&;{}!$*"},
            id="ec2",
        ),
        pytest.param("lambda.get_function", {"FunctionName": PRELIMINARY_FUNCTION}, id="rest-json"),
        pytest.param("mwaa.list_environments", {"MaxResults": 25}, id="rest-json-of-mwaa"),
        pytest.param("s3.list_buckets", {}, id="rest-xml"),
    ],
)
def test_a_valid_request_is_accepted(
    call: Call, operation: str, parameters: dict[str, Any]
) -> None:
    response = call(operation, **parameters)

    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
