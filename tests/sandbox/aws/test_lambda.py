"""The local Lambda runs the zip of a function like AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import TARGET_ACCOUNT
from tests.support.local_aws.state_machines import create_function, create_role
from tools.paths import ZIP


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    with AwsServer(lambda_environment={"FROM_THE_SANDBOX": "yes"}) as aws:
        yield aws


def invoke(account: Account, function: str, event: object = None) -> tuple[Any, str | None]:
    response = account.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return json.load(response["Payload"]), response.get("FunctionError")


def create_packaged_function(account: Account, variables: dict[str, str]) -> str:
    """Create the project's own function from its zip; return its ARN."""
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    allow = [{"Action": "logs:*", "Resource": "*"}]
    created = account.functions.create_function(
        FunctionName="function",
        Role=create_role(account, "function", trust=trust, allow=allow),
        Runtime="python3.13",
        Handler="mwaa_dags_trigger.app.lambda_handler",
        Timeout=60,
        LoggingConfig={"LogFormat": "JSON"},
        Environment={"Variables": variables},
        Code={"ZipFile": ZIP.read_bytes()},
    )
    return created["FunctionArn"]


def test_invocations_share_a_warm_process(target: Account) -> None:
    arn = create_function(
        target,
        "function",
        "count = 0\n"
        "def lambda_handler(event, context):\n"
        "    global count\n"
        "    count += 1\n"
        "    return [event, count, context.invoked_function_arn]\n",
    )

    first, second = invoke(target, arn, {"a": 1}), invoke(target, arn, {"a": 2})

    assert first == ([{"a": 1}, 1, arn], None)
    assert second == ([{"a": 2}, 2, arn], None)


def test_a_changed_configuration_starts_a_new_process(target: Account) -> None:
    arn = create_function(
        target,
        "function",
        "import os\ndef lambda_handler(event, context): return os.environ.get('SETTING')\n",
    )

    before, _ = invoke(target, arn)
    target.functions.update_function_configuration(
        FunctionName=arn, Environment={"Variables": {"SETTING": "new"}}
    )
    after, _ = invoke(target, arn)

    assert (before, after) == (None, "new")


def test_an_exception_becomes_a_function_error_with_its_class(target: Account) -> None:
    arn = create_function(
        target,
        "function",
        "class Refused(Exception): pass\n"
        "def lambda_handler(event, context):\n"
        "    raise Refused('no')\n",
    )

    payload, error = invoke(target, arn)

    assert error == "Unhandled"
    assert payload["errorType"] == "Refused"
    assert payload["errorMessage"] == "no"


def test_a_function_that_exceeds_its_timeout_is_ended(target: Account) -> None:
    arn = create_function(
        target,
        "function",
        "import time\ndef lambda_handler(event, context): time.sleep(60)\n",
        timeout=1,
    )

    payload, error = invoke(target, arn)

    assert error == "Unhandled"
    assert payload["errorType"] == "Sandbox.Timedout"


def test_the_timeout_does_not_include_the_import_of_the_function(target: Account) -> None:
    code = "import time\ntime.sleep(1.2)\ndef lambda_handler(event, context): return 'in time'\n"
    arn = create_function(target, "function", code, timeout=1)

    assert invoke(target, arn) == ("in time", None)


def test_the_invocation_after_a_timeout_starts_a_new_process(target: Account) -> None:
    code = "import time\ndef lambda_handler(event, context): time.sleep(event)\n"
    arn = create_function(target, "function", code, timeout=1)

    endings = [invoke(target, arn, seconds) for seconds in (60, 0)]

    assert [error for _, error in endings] == ["Unhandled", None]


def test_a_failed_import_becomes_a_function_error(target: Account) -> None:
    payload, error = invoke(target, create_function(target, "function", "import missing_module\n"))

    assert error == "Unhandled"
    assert "missing_module" in payload["errorMessage"]


def test_a_function_has_the_sandbox_variables_and_its_role(target: Account) -> None:
    arn = create_function(
        target,
        "function",
        "import os, boto3\n"
        "def lambda_handler(event, context):\n"
        "    me = boto3.client('sts').get_caller_identity()['Arn']\n"
        "    prefixed = boto3.client('mwaa').meta.config.inject_host_prefix\n"
        "    return [os.environ['FROM_THE_SANDBOX'], prefixed, me]\n",
    )

    (variable, prefixed, identity), _ = invoke(target, arn)

    assert (variable, prefixed) == ("yes", False)
    assert identity.startswith(f"arn:aws:sts::{TARGET_ACCOUNT}:assumed-role/function/")


def test_a_function_writes_to_its_log_group(target: Account) -> None:
    target.logs.create_log_group(logGroupName="/aws/lambda/function")
    arn = create_function(
        target,
        "function",
        "import logging\ndef lambda_handler(event, context): logging.getLogger().warning('seen')\n",
    )
    invoke(target, arn)

    events = target.logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]

    assert "seen" in [json.loads(event["message"])["message"] for event in events]


def test_an_error_of_the_real_function_has_no_stack_trace_and_a_line_about_its_execution(
    target: Account,
) -> None:
    arn = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:one"
    event = {"mwaa_env_name": "nosuch", "mwaa_dag_name": "demo", "execution_arn": arn}
    target.logs.create_log_group(logGroupName="/aws/lambda/function")
    function = create_packaged_function(target, {"MWAA_ENVIRONMENTS": '["sandbox"]'})

    payload, error = invoke(target, function, event)

    assert (error, payload["errorType"], payload["stackTrace"]) == (
        "Unhandled",
        "EnvironmentNotFound",
        [],
    )
    events = target.logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]
    lines = [json.loads(event["message"]) for event in events]
    [line] = [line for line in lines if line["level"] == "ERROR" and "execution_arn" in line]
    assert line["message"] == f"EnvironmentNotFound: {payload['errorMessage']}"
    assert (line["execution_arn"], line["mwaa_dag_name"]) == (arn, "demo")
    assert line["dag_run_id"].startswith("sfn__one_")


def test_a_missing_function_is_not_found(target: Account) -> None:
    with pytest.raises(target.functions.exceptions.ResourceNotFoundException):
        invoke(target, "missing")


def test_the_logging_configuration_is_kept(target: Account) -> None:
    arn = create_function(target, "function", "")

    configuration = target.functions.get_function_configuration(FunctionName=arn)

    assert configuration["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": "/aws/lambda/function",
    }
