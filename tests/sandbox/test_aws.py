"""The local AWS: what it adds to moto behaves as AWS does."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import PRELIMINARY_FUNCTION, REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.mwaa.http import Request, Response

PRELIMINARY_ARN = f"arn:aws:lambda:{REGION}:{SOURCE_ACCOUNT}:function:{PRELIMINARY_FUNCTION}"
MACHINE_ARN = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:machine"
TIMEOUT = 60.0


class StubFront:
    """Answers with what it was asked, and by whom."""

    def answer(self, request: Request) -> Response:
        asked = f"{request.method} {request.path}"
        answer = {"CliToken": asked, "Environments": [asked], "IamIdentity": request.caller}
        return Response(200, json.dumps(answer).encode())


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    fronts = {TARGET_ACCOUNT: StubFront()}
    with AwsServer(fronts, lambda_environment={"FROM_THE_SANDBOX": "yes"}) as aws:
        yield aws


@pytest.fixture
def source(aws: AwsServer) -> Account:
    return Account(aws.url, SOURCE_ACCOUNT)


@pytest.fixture
def target(aws: AwsServer) -> Account:
    return Account(aws.url, TARGET_ACCOUNT)


def policy(*statements: dict[str, Any]) -> str:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def create_role(
    account: Account, name: str, *, trust: dict[str, Any], allow: dict[str, Any]
) -> str:
    trust = {"Action": "sts:AssumeRole", **trust}
    role = account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]
    account.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=policy(allow))
    return role["Arn"]


def create_function(account: Account, code: str, *, timeout: int = 30) -> str:
    role = create_role(
        account,
        "function",
        trust={"Principal": {"Service": "lambda.amazonaws.com"}},
        allow={"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", code)
    created = account.functions.create_function(
        FunctionName="function",
        Role=role,
        Runtime="python3.13",
        Handler="app.lambda_handler",
        Timeout=timeout,
        LoggingConfig={"LogFormat": "JSON"},
        Code={"ZipFile": archive.getvalue()},
    )
    return created["FunctionArn"]


def invoke(account: Account, function: str, event: object = None) -> tuple[Any, str | None]:
    response = account.functions.invoke(FunctionName=function, Payload=json.dumps(event))
    return json.load(response["Payload"]), response.get("FunctionError")


def run_machine(
    source: Account, *, states: dict[str, Any], role: str, event: Mapping[str, Any] | None = None
) -> Any:
    definition = {"StartAt": next(iter(states)), "States": states}
    source.states.create_state_machine(
        name="machine", definition=json.dumps(definition), roleArn=role
    )
    return source.execute(MACHINE_ARN, {} if event is None else event, name="one", timeout=TIMEOUT)


def machine_role(source: Account, **allow: Any) -> str:
    return create_role(
        source, "machine", trust={"Principal": {"Service": "states.amazonaws.com"}}, allow=allow
    )


class TestLambda:
    def test_runs_the_zip_on_the_runtime_client_and_stays_warm(self, target: Account) -> None:
        arn = create_function(
            target,
            "count = 0\n"
            "def lambda_handler(event, context):\n"
            "    global count\n"
            "    count += 1\n"
            "    return [event, count, context.invoked_function_arn]\n",
        )

        first, second = invoke(target, arn, {"a": 1}), invoke(target, arn, {"a": 2})

        assert first == ([{"a": 1}, 1, arn], None)
        assert second == ([{"a": 2}, 2, arn], None)

    def test_a_changed_configuration_starts_anew(self, target: Account) -> None:
        arn = create_function(
            target,
            "import os\ndef lambda_handler(event, context): return os.environ.get('SETTING')\n",
        )

        before, _ = invoke(target, arn)
        target.functions.update_function_configuration(
            FunctionName=arn, Environment={"Variables": {"SETTING": "new"}}
        )
        after, _ = invoke(target, arn)

        assert (before, after) == (None, "new")

    def test_an_exception_is_a_function_error_with_its_class(self, target: Account) -> None:
        arn = create_function(
            target,
            "class Refused(Exception): pass\n"
            "def lambda_handler(event, context):\n"
            "    raise Refused('no')\n",
        )

        payload, error = invoke(target, arn)

        assert error == "Unhandled"
        assert payload["errorType"] == "Refused"
        assert payload["errorMessage"] == "no"

    def test_a_function_that_takes_too_long_is_ended(self, target: Account) -> None:
        arn = create_function(
            target, "import time\ndef lambda_handler(event, context): time.sleep(60)\n", timeout=1
        )

        payload, error = invoke(target, arn)

        assert error == "Unhandled"
        assert payload["errorType"] == "Sandbox.Timedout"

    def test_after_a_time_out_it_starts_anew(self, target: Account) -> None:
        code = "import time\ndef lambda_handler(event, context): time.sleep(event)\n"
        arn = create_function(target, code, timeout=1)

        endings = [invoke(target, arn, seconds) for seconds in (60, 0)]

        assert [error for _, error in endings] == ["Unhandled", None]

    def test_a_function_that_does_not_load_is_an_error(self, target: Account) -> None:
        payload, error = invoke(target, create_function(target, "import missing_module\n"))

        assert error == "Unhandled"
        assert "missing_module" in payload["errorMessage"]

    def test_has_the_sandbox_variables_and_its_role_in_aws(self, target: Account) -> None:
        arn = create_function(
            target,
            "import os, boto3\n"
            "def lambda_handler(event, context):\n"
            "    me = boto3.client('sts').get_caller_identity()['Arn']\n"
            "    prefixed = boto3.client('mwaa').meta.config.inject_host_prefix\n"
            "    return [os.environ['FROM_THE_SANDBOX'], prefixed, me]\n",
        )

        (variable, prefixed, identity), _ = invoke(target, arn)

        assert (variable, prefixed) == ("yes", False)
        assert identity.startswith(f"arn:aws:sts::{TARGET_ACCOUNT}:assumed-role/function/")

    def test_writes_its_log_to_its_log_group(self, target: Account) -> None:
        target.logs.create_log_group(logGroupName="/aws/lambda/function")
        arn = create_function(
            target,
            "import logging\n"
            "def lambda_handler(event, context): logging.getLogger().warning('seen')\n",
        )
        invoke(target, arn)

        events = target.logs.filter_log_events(logGroupName="/aws/lambda/function")["events"]

        assert "seen" in [json.loads(event["message"])["message"] for event in events]

    def test_a_missing_function_is_not_found(self, target: Account) -> None:
        with pytest.raises(target.functions.exceptions.ResourceNotFoundException):
            invoke(target, "missing")

    def test_keeps_the_logging_configuration(self, target: Account) -> None:
        arn = create_function(target, "")

        configuration = target.functions.get_function_configuration(FunctionName=arn)

        assert configuration["LoggingConfig"] == {
            "LogFormat": "JSON",
            "LogGroup": "/aws/lambda/function",
        }


class TestStepFunctions:
    def test_an_execution_without_a_name_gets_one(self, source: Account) -> None:
        role = machine_role(source, Action="lambda:InvokeFunction", Resource="*")
        run_machine(source, states={"Only": {"Type": "Succeed"}}, role=role)

        arns = {
            source.states.start_execution(stateMachineArn=MACHINE_ARN)["executionArn"]
            for _ in range(2)
        }

        assert len(arns) == 2
        assert not [arn for arn in arns if arn.endswith(":None")]

    def test_a_task_runs_as_the_role_of_the_state_machine(self, source: Account) -> None:
        role = machine_role(source, Action="lambda:InvokeFunction", Resource=PRELIMINARY_ARN)
        task = {"Type": "Task", "Resource": PRELIMINARY_ARN, "End": True}

        execution = run_machine(
            source, states={"Task": task}, role=role, event={"mwaa_dag_name": "d"}
        )

        assert execution["status"] == "SUCCEEDED"
        assert json.loads(execution["output"]) == {"ready_for": "d"}

    def test_a_task_that_the_role_may_not_do_fails(self, source: Account) -> None:
        role = machine_role(
            source, Action="lambda:InvokeFunction", Resource=f"{PRELIMINARY_ARN}-other"
        )
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": PRELIMINARY_ARN},
            "End": True,
        }

        execution = run_machine(source, states={"Task": task}, role=role)

        assert execution["status"] == "FAILED"
        assert execution["error"] == "Lambda.AccessDeniedException"
        assert "not authorized to perform: lambda:InvokeFunction" in execution["cause"]

    @pytest.mark.parametrize(
        ("external_id", "status"),
        [
            pytest.param(MACHINE_ARN, "SUCCEEDED", id="own-arn"),
            pytest.param(f"{MACHINE_ARN}-other", "FAILED", id="arn-of-another"),
        ],
    )
    def test_task_credentials_are_assumed_with_the_state_machine_as_external_id(
        self, source: Account, target: Account, external_id: str, status: str
    ) -> None:
        function = create_function(target, "def lambda_handler(event, context): return event\n")
        role = machine_role(source, Action="sts:AssumeRole", Resource="*")
        invoker = create_role(
            target,
            "invoker",
            trust={
                "Principal": {"AWS": role},
                "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
            },
            allow={"Action": "lambda:InvokeFunction", "Resource": function},
        )
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Credentials": {"RoleArn": invoker},
            "Parameters": {"FunctionName": function, "Payload.$": "$$.Execution.RedriveCount"},
            "OutputPath": "$.Payload",
            "End": True,
        }

        execution = run_machine(source, states={"Task": task}, role=role)

        assert execution["status"] == status
        if status == "SUCCEEDED":
            assert execution["output"] == "0"
        else:
            assert execution["error"] == "States.TaskFailed"
            assert execution["cause"] == (
                f"The role {role} is not authorized to assume the task state's role, {invoker}."
            )

    def test_a_state_machine_whose_role_does_not_trust_it_fails(self, source: Account) -> None:
        role = create_role(
            source,
            "machine",
            trust={
                "Principal": {"Service": "states.amazonaws.com"},
                "Condition": {"ArnEquals": {"aws:SourceArn": f"{MACHINE_ARN}-other"}},
            },
            allow={"Action": "*", "Resource": "*"},
        )
        task = {"Type": "Task", "Resource": PRELIMINARY_ARN, "End": True}

        execution = run_machine(source, states={"Task": task}, role=role)

        assert execution["status"] == "FAILED"
        assert "not authorized to assume the provided role" in execution["cause"]

    @pytest.mark.parametrize(
        ("definition", "result"),
        [
            pytest.param({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, "OK", id="valid"),
            pytest.param(
                {"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}, "FAIL", id="dangling-start"
            ),
            pytest.param(
                {"StartAt": "A", "States": {"A": {"Type": "Nothing"}}}, "FAIL", id="unknown-type"
            ),
        ],
    )
    def test_validates_definitions(self, source: Account, definition: object, result: str) -> None:
        answer = source.states.validate_state_machine_definition(definition=json.dumps(definition))

        assert answer["result"] == result
        assert bool(answer["diagnostics"]) == (result == "FAIL")


class TestRoles:
    def test_a_role_that_does_not_trust_the_caller_cannot_be_assumed(self, source: Account) -> None:
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole") as error:
            source.sts.assume_role(
                RoleArn=f"arn:aws:iam::{TARGET_ACCOUNT}:role/deployer", RoleSessionName="test"
            )

        assert error.value.response["Error"]["Code"] == "AccessDenied"

    def test_a_role_that_does_not_exist_cannot_be_assumed(self, source: Account) -> None:
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            source.sts.assume_role(
                RoleArn=f"arn:aws:iam::{TARGET_ACCOUNT}:role/missing", RoleSessionName="test"
            )


def mwaa_client(aws: AwsServer, role: str) -> Any:
    session = aws.service_session("lambda.amazonaws.com", role_arn=role, context={})
    return session.client("mwaa", endpoint_url=aws.url, config=Config(inject_host_prefix=False))


class TestMwaa:
    @pytest.fixture
    def caller(self, aws: AwsServer, target: Account) -> Any:
        """MWAA's API as a role that may use one environment, called from where `.localhost` need not resolve."""
        role = create_role(
            target,
            "caller",
            trust={"Principal": {"Service": "lambda.amazonaws.com"}},
            allow={
                "Action": ["airflow:GetEnvironment", "airflow:CreateCliToken"],
                "Resource": f"arn:aws:airflow:{REGION}:{TARGET_ACCOUNT}:environment/sandbox",
            },
        )
        return mwaa_client(aws, role)

    def test_hands_on_to_the_front_what_the_role_may_do(self, caller: Any) -> None:
        assert caller.create_cli_token(Name="sandbox")["CliToken"] == "POST /clitoken/sandbox"

    def test_tells_the_front_who_calls_and_the_whole_query(
        self, aws: AwsServer, target: Account
    ) -> None:
        trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
        allow = {"Action": "airflow:*", "Resource": "*"}
        client = mwaa_client(aws, create_role(target, "caller", trust=trust, allow=allow))

        names = client.list_environments(MaxResults=3, NextToken="t")["Environments"]
        identity = client.create_web_login_token(Name="sandbox")["IamIdentity"]

        assert names == ["GET /environments?MaxResults=3&NextToken=t"]
        assert identity == f"arn:aws:sts::{TARGET_ACCOUNT}:assumed-role/caller/lambda"

    def test_listing_wants_to_be_allowed_on_every_resource(self, caller: Any) -> None:
        with pytest.raises(ClientError) as error:
            caller.list_environments()

        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
        assert "airflow:ListEnvironments on resource: *" in str(error.value)

    def test_an_account_without_mwaa_has_no_environments(
        self, aws: AwsServer, source: Account
    ) -> None:
        trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
        allow = {"Action": "airflow:*", "Resource": "*"}
        client = mwaa_client(aws, create_role(source, "caller", trust=trust, allow=allow))

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
    def test_acting_as_an_airflow_role_takes_one_of_airflows_roles(
        self,
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
            allow={
                "Action": f"airflow:{action.title().replace('_', '')}",
                "Resource": f"arn:aws:airflow:{REGION}:{TARGET_ACCOUNT}:role/sandbox/{role}",
            },
        )
        client = mwaa_client(aws, arn)
        if allowed:
            assert getattr(client, action)(Name="sandbox", **parameters)
        else:
            with pytest.raises(client.exceptions.AccessDeniedException):
                getattr(client, action)(Name="sandbox", **parameters)

    @pytest.mark.parametrize("action", ["get_environment", "create_cli_token"])
    def test_an_environment_that_the_role_does_not_name_is_denied(
        self, caller: Any, action: str
    ) -> None:
        with pytest.raises(ClientError) as error:
            getattr(caller, action)(Name="other")

        assert error.value.response["Error"]["Code"] == "AccessDeniedException"
