"""The import blocks in docs/migrating.md import manually created resources without replacing them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import (
    DEPLOYED_NAME,
    PRELIMINARY_FUNCTION,
    REGION,
    SOURCE_ACCOUNT,
    TARGET_ACCOUNT,
)
from sandbox.deployment import Applied, Deployment
from tests.support.local_aws.terraform import Terraform
from tools.paths import PROJECT

# All tests of this module share one sandbox and one apply.
pytestmark = pytest.mark.xdist_group("migrating")

TIMEOUT = 300.0
STATE_MACHINE_ARN = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:{DEPLOYED_NAME}"
LOG_GROUP = f"/aws/lambda/{DEPLOYED_NAME}"
IMPORTED = {
    "module.source.aws_sfn_state_machine.this",
    "module.target.aws_lambda_function.this",
    "module.target.aws_cloudwatch_log_group.this[0]",
}
INPUT = {
    "mwaa_env_name": "sandbox",
    "mwaa_dag_name": "onboarding",
    "mwaa_dag_conf": {"client": "a"},
}


@dataclass(frozen=True)
class Migrated:
    """Both accounts after the apply, its actions, and an execution that ended before it."""

    source: Account
    target: Account
    deployment: Deployment
    applied: Applied
    execution_arn: str


@pytest.fixture(scope="module")
def migrated(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Migrated]:
    """Manually created resources, imported with the blocks of the page and applied."""
    directory = tmp_path_factory.mktemp("migrating")
    with AwsServer() as aws:
        source, target = (Account(aws.url, number) for number in (SOURCE_ACCOUNT, TARGET_ACCOUNT))
        create_manually(source, target)
        before = source.execute(STATE_MACHINE_ARN, INPUT, name="before", timeout=TIMEOUT)
        assert json.loads(before["output"]) == {"triggered": "onboarding"}

        deployment = terraform.deployment(directory, aws)
        (directory / "imports.tf").write_text(import_blocks())
        applied = deployment.apply(lambda *_: None)
        yield Migrated(source, target, deployment, applied, before["executionArn"])


def import_blocks() -> str:
    """Return the import blocks of the page, with the name that the roles of the sandbox may deploy."""
    page = (PROJECT / "docs" / "migrating.md").read_text()
    [blocks] = re.findall(r"^ *```hcl\n(.*?)^ *```$", page, re.DOTALL | re.MULTILINE)
    return str(blocks).replace("data-onboarding-next", DEPLOYED_NAME)


def create_manually(source: Account, target: Account) -> None:
    """Create the resources of the previous templates, with policies for all resources."""
    states = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}}
    target_role_arn = f"arn:aws:iam::{TARGET_ACCOUNT}:role/dev-TriggerFunctionRole-1A2B"
    source_role_arn = create_role(
        source,
        "staging-DataOnboardingNextRole-3C4D",
        trust=[states],
        allow={
            "lambda:InvokeFunction": "*",
            "sts:AssumeRole": target_role_arn,
        },
    )
    create_role(
        target,
        "dev-TriggerFunctionRole-1A2B",
        trust=[
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}},
            {
                "Effect": "Allow",
                "Principal": {"AWS": source_role_arn},
                "Condition": {"StringEquals": {"sts:ExternalId": STATE_MACHINE_ARN}},
            },
        ],
        allow={"lambda:InvokeFunction": "*", "airflow:CreateCliToken": "*", "logs:*": "*"},
    )
    target.logs.create_log_group(logGroupName=LOG_GROUP)
    target.logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="2023")
    function = target.functions.create_function(
        FunctionName=DEPLOYED_NAME,
        Role=target_role_arn,
        Runtime="python3.11",
        Architectures=["x86_64"],
        Handler="app.lambda_handler",
        Timeout=300,
        Code={"ZipFile": package()},
    )
    source.states.create_state_machine(
        name=DEPLOYED_NAME,
        roleArn=source_role_arn,
        definition=json.dumps(definition(target_role_arn, function["FunctionArn"])),
    )


def create_role(
    account: Account, name: str, *, trust: list[dict[str, Any]], allow: dict[str, str]
) -> str:
    statements = [{**statement, "Action": "sts:AssumeRole"} for statement in trust]
    role = account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(statements))
    allowed = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allow.items()]
    account.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document(allowed))
    return role["Role"]["Arn"]


def document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def package() -> bytes:
    """Return the zip of a function that returns the name of the DAG."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(
            "app.py", "def lambda_handler(event, _): return {'triggered': event['mwaa_dag_name']}\n"
        )
    return archive.getvalue()


def definition(role_arn: str, function_arn: str) -> dict[str, Any]:
    task = f"arn:aws:lambda:{REGION}:{SOURCE_ACCOUNT}:function:{PRELIMINARY_FUNCTION}"
    return {
        "StartAt": "RDS Hack Update Task",
        "States": {
            "RDS Hack Update Task": {
                "Type": "Task",
                "Resource": task,
                "ResultPath": "$.status",
                "Next": "Trigger DSP MWAA DAGs",
            },
            "Trigger DSP MWAA DAGs": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Credentials": {"RoleArn": role_arn},
                "Parameters": {
                    "FunctionName": function_arn,
                    "Payload": {f"{field}.$": f"$.{field}" for field in INPUT},
                },
                "OutputPath": "$.Payload",
                "End": True,
            },
        },
    }


def test_the_apply_replaces_and_deletes_no_resource(migrated: Migrated) -> None:
    actions = migrated.applied.actions

    assert {address for address, action in actions.items() if action == "update"} == IMPORTED
    assert {action for address, action in actions.items() if address not in IMPORTED} == {"create"}


def test_the_next_plan_shows_no_changes(migrated: Migrated) -> None:
    assert migrated.deployment.plan() == {}


def test_the_state_machine_and_the_function_keep_their_arns(migrated: Migrated) -> None:
    assert migrated.applied.outputs["state_machine_arn"] == STATE_MACHINE_ARN
    function = migrated.target.functions.get_function(FunctionName=DEPLOYED_NAME)["Configuration"]
    assert migrated.applied.outputs["function_arn"] == f"{function['FunctionArn']}:live"
    alias = migrated.target.functions.get_alias(FunctionName=DEPLOYED_NAME, Name="live")
    assert alias["FunctionVersion"] == "1"


def test_the_execution_history_and_the_log_are_kept(migrated: Migrated) -> None:
    execution = migrated.source.states.describe_execution(executionArn=migrated.execution_arn)
    assert execution["status"] == "SUCCEEDED"
    streams = migrated.target.logs.describe_log_streams(logGroupName=LOG_GROUP)["logStreams"]
    assert "2023" in [stream["logStreamName"] for stream in streams]


def test_a_new_execution_uses_the_new_function(migrated: Migrated) -> None:
    execution = migrated.source.execute(STATE_MACHINE_ARN, INPUT, name="after", timeout=TIMEOUT)

    # Only the new function calls MWAA, which does not exist here.
    assert execution["error"] == "EnvironmentNotFound"
