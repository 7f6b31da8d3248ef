"""Roles, functions and state machines in an account of the local AWS."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sandbox.account import Account
from sandbox.aws.accounts import REGION
from tests.support.waiting import TIMEOUT

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        HistoryEventTypeDef,
    )


class Machines:
    """The state machines of one account. Each has its own role with the same name."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def arn(self, name: str) -> str:
        """Return the ARN of the state machine with this name, which may not exist."""
        return f"arn:aws:states:{REGION}:{self.account.account_id}:stateMachine:{name}"

    def create(
        self,
        name: str,
        states: Mapping[str, Any],
        *,
        allow: Sequence[Mapping[str, Any]] = (),
    ) -> str:
        """Create a state machine that starts at the first of these states, and return its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states}
        created = self.account.states.create_state_machine(
            name=name,
            definition=json.dumps(definition),
            roleArn=create_role(
                self.account,
                name,
                trust={"Principal": {"Service": "states.amazonaws.com"}},
                allow=allow,
            ),
        )
        return created["stateMachineArn"]

    def execute(
        self, machine: str, event: Mapping[str, Any] | None = None, *, name: str = "one"
    ) -> DescribeExecutionOutputTypeDef:
        """Start an execution of the state machine, wait until it ends, and return its description."""
        return self.account.execute(machine, event or {}, name=name, timeout=TIMEOUT)

    def redrive(self, execution: str) -> DescribeExecutionOutputTypeDef:
        """Redrive the execution, wait until it ends, and return its description."""
        self.account.states.redrive_execution(executionArn=execution)
        return self.ended(execution)

    def ended(self, execution: str) -> DescribeExecutionOutputTypeDef:
        """Wait until the execution ends, and return its description."""
        return self.account.wait_for_end(execution, timeout=TIMEOUT)

    def history(self, execution: str) -> list[HistoryEventTypeDef]:
        """Return the events of the execution."""
        return self.account.states.get_execution_history(executionArn=execution)["events"]


def create_role(
    account: Account,
    name: str,
    *,
    trust: Mapping[str, Any],
    allow: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Create a role with this trust and these allowed actions, and return its ARN."""
    role = account.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=_policy([{"Action": "sts:AssumeRole", **trust}])
    )
    if allow:
        account.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=_policy(allow))
    return role["Role"]["Arn"]


def create_function(
    account: Account, name: str, code: str, *, role: str | None = None, timeout: int = 30
) -> str:
    """Create a function from code with a `lambda_handler`, and return its ARN.

    By default, the function gets its own role, which may write logs.
    """
    role = role or create_role(
        account,
        name,
        trust={"Principal": {"Service": "lambda.amazonaws.com"}},
        allow=[{"Action": "logs:*", "Resource": "*"}],
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", code)
    created = account.functions.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="app.lambda_handler",
        Timeout=timeout,
        LoggingConfig={"LogFormat": "JSON"},
        Code={"ZipFile": archive.getvalue()},
    )
    return created["FunctionArn"]


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})
