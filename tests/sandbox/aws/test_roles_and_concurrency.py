"""The local IAM simulates policies and forgets deleted roles, and Lambda throttles, as AWS does."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.support.local_aws.state_machines import Machines, create_function, create_role

STATES = {"Principal": {"Service": "states.amazonaws.com"}}
FUNCTION = "arn:aws:lambda:eu-central-1:222222222222:function:f"


@pytest.mark.parametrize(
    ("action", "resource", "account", "decision"),
    [
        ("lambda:InvokeFunction", FUNCTION, "222222222222", "allowed"),
        ("lambda:InvokeFunction", FUNCTION, "333333333333", "implicitDeny"),
        ("lambda:InvokeFunction", f"{FUNCTION}2", "222222222222", "implicitDeny"),
        ("lambda:GetFunction", FUNCTION, "222222222222", "implicitDeny"),
        ("sts:AssumeRole", "arn:aws:iam::111111111111:role/other", "222222222222", "allowed"),
    ],
    ids=["allowed", "another condition", "another resource", "another action", "another account"],
)
def test_simulates_the_policies_of_a_role(
    aws: AwsServer, action: str, resource: str, account: str, decision: str
) -> None:
    target = Account(aws.url, TARGET_ACCOUNT)
    condition = {"StringEquals": {"aws:SourceAccount": "222222222222"}}
    allow = {"Action": "lambda:InvokeFunction", "Resource": FUNCTION, "Condition": condition}
    assume = {"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/other"}
    role = create_role(target, "role", trust=STATES, allow=[allow, assume])

    simulated = target.iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {
                "ContextKeyName": "aws:SourceAccount",
                "ContextKeyValues": [account],
                "ContextKeyType": "string",
            }
        ],
    )

    [result] = simulated["EvaluationResults"]
    assert (result["EvalActionName"], result["EvalResourceName"]) == (action, resource)
    assert result["EvalDecision"] == decision


def test_a_new_role_does_not_have_the_trust_of_a_deleted_role(aws: AwsServer) -> None:
    source, target = (Account(aws.url, account) for account in (SOURCE_ACCOUNT, TARGET_ACCOUNT))
    trusted = create_role(source, "trusted", trust=STATES)
    create_role(target, "trusting", trust={"Principal": {"AWS": trusted}})
    deleted = source.iam.get_role(RoleName="trusted")["Role"]["RoleId"]

    source.iam.delete_role(RoleName="trusted")
    create_role(source, "trusted", trust=STATES)

    document: Any = target.iam.get_role(RoleName="trusting")["Role"]["AssumeRolePolicyDocument"]
    assert document["Statement"][0]["Principal"] == {"AWS": deleted}


def test_a_reserved_concurrency_of_0_throttles_all_invocations(aws: AwsServer) -> None:
    source = Account(aws.url, SOURCE_ACCOUNT)
    function = create_function(source, "f", "def lambda_handler(event, context): return event\n")
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
    state = {**task, "Parameters": {"FunctionName": function, "Payload": {}}}
    machines = Machines(source)
    machine = machines.create(
        "machine", {"Task": state}, allow=[{"Action": "lambda:*", "Resource": "*"}]
    )
    source.functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)

    throttled = machines.execute(machine, name="throttled")
    source.functions.delete_function_concurrency(FunctionName="f")
    invoked = machines.execute(machine, name="invoked")

    assert throttled["error"] == "Lambda.TooManyRequestsException"
    assert invoked["status"] == "SUCCEEDED"
