"""The metric filter counts the lines that the function logs."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.state_machines import create_role
from tests.support.log_filters import is_matched
from tests.terraform.examples import plan_example
from tests.terraform.planner import Planner
from tools.paths import ZIP

LOG_GROUP = "/aws/lambda/function"
TRUST_LAMBDA = {"Principal": {"Service": "lambda.amazonaws.com"}}

Invoke = Callable[[bytes, Any], list[str]]


@pytest.fixture(scope="session")
def log_filter(planner: Planner) -> dict[str, Any]:
    """The planned metric filter."""
    address = "module.target.aws_cloudwatch_log_metric_filter.errors[0]"
    return plan_example(planner, "complete").resources[address]


@pytest.fixture(scope="module")
def invoke() -> Iterator[Invoke]:
    """Deploys a package to a function that can only write its log, invokes it, and returns the lines of its log."""
    with AwsServer() as aws:
        target = Account(aws.url, TARGET_ACCOUNT)
        target.logs.create_log_group(logGroupName=LOG_GROUP)
        allow = {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
        role = create_role(target, "function", trust=TRUST_LAMBDA, allow=[allow])
        lines: list[str] = []

        def invoke(package: bytes, event: Any) -> list[str]:
            arn = target.functions.create_function(
                FunctionName=f"function-{len(lines)}",
                Code={"ZipFile": package},
                Handler="mwaa_dags_trigger.app.lambda_handler",
                LoggingConfig={"LogFormat": "JSON", "LogGroup": LOG_GROUP},
                Role=role,
                Runtime="python3.13",
                Timeout=60,
            )["FunctionArn"]
            target.functions.invoke(FunctionName=arn, Payload=json.dumps(event))
            events = target.logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
            new = [event["message"] for event in events][len(lines) :]
            lines.extend(new)
            return new

        yield invoke


def package_without_function() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("other.py", "")
    return content.getvalue()


@pytest.mark.parametrize(
    ("package", "event", "error"),
    [
        pytest.param(
            ZIP.read_bytes,
            {"mwaa_env_name": "analytics", "mwaa_dag_name": "onboarding"},
            "AccessDenied",
            id="access denied",
        ),
        pytest.param(ZIP.read_bytes, {"a": 1}, "InvalidRequest", id="invalid request"),
        pytest.param(
            package_without_function, {}, "Runtime.ImportModuleError", id="broken package"
        ),
    ],
)
def test_a_failed_invocation_counts_once_with_its_error(
    log_filter: dict[str, Any],
    invoke: Invoke,
    package: Callable[[], bytes],
    event: Any,
    error: str,
) -> None:
    [transformation] = log_filter["metric_transformation"]
    field = transformation["dimensions"]["ErrorType"].removeprefix("$.")

    lines = invoke(package(), event)

    counted = [json.loads(line) for line in lines if is_matched(line, log_filter["pattern"])]
    assert transformation["value"] == "1"
    assert [line[field] for line in counted] == [error]


@pytest.mark.parametrize(
    "line", ['{"level": "INFO", "message": "Result"}', "a line without JSON"], ids=["info", "text"]
)
def test_other_lines_do_not_count(log_filter: dict[str, Any], line: str) -> None:
    assert not is_matched(line, log_filter["pattern"])
