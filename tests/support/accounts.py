"""Roles and functions in an account of the local AWS."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from sandbox.account import Account


def create_role(
    account: Account, name: str, *, trust: dict[str, Any], allow: dict[str, Any]
) -> str:
    """Create a role that whom `trust` names may assume, and that may do what `allow` says; return its ARN."""
    trust = {"Action": "sts:AssumeRole", **trust}
    role = account.iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
    account.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=_policy(allow))
    return role["Arn"]


def create_function(account: Account, code: str, *, timeout: int = 30) -> str:
    """Create a function whose handler `lambda_handler` is in this code; return its ARN."""
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


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
