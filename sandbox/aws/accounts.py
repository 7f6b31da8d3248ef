"""Roles and functions that exist in the accounts before Terraform creates anything."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from moto.awslambda_simple.models import lambda_simple_backends
from moto.iam.models import iam_backends
from moto.moto_api._internal import moto_api_backend

from sandbox import permission_files
from sandbox.aws.authorizer import ADMINISTRATOR, MANAGEMENT_ACCOUNT

REGION: Final = "eu-central-1"
SOURCE_ACCOUNT = "111111111111"
TARGET_ACCOUNT = "222222222222"
SECOND_SOURCE_ACCOUNT = "333333333333"
"""For configurations in which several sources share a target. The sandbox itself deploys nothing into it."""
DEPLOYER = "deployer"
"""The role that Terraform assumes. It has exactly the permissions in docs/deploy-permissions.json."""
OPERATOR = "operator"
"""The role of the command line. It has exactly the permissions in docs/operate-permissions.json."""
BOUNDED_DEPLOYER = "bounded-deployer"
"""The same for roles with the boundary, with the permissions in docs/deploy-permissions-with-boundary.json."""
BOUNDARY = "boundary"
"""A permissions boundary in each account. It allows everything except changes to identities."""
ADMINISTRATOR_ROLE = "administrator"
"""The role of tests, demo and command line. It has all permissions in its account."""
DEPLOYED_NAME = "mwaa-dags-trigger-sandbox"
"""Workspace and name of the deployed resources. The policies of the deployer roles contain it."""
BATCH_BUCKET = "batches"
"""The bucket in the policies of the operator role. Somebody has to create it."""
PRELIMINARY_FUNCTION = "rds-hack-update"

_PRELIMINARY_CODE = Path(__file__).parents[1] / "preliminary_task" / "app.py"


def seed_accounts() -> None:
    """Empty all accounts, and create the resources that exist before a deployment."""
    moto_api_backend.reset()
    trust = {"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"}
    for side, account in (
        ("source", SOURCE_ACCOUNT),
        ("source", SECOND_SOURCE_ACCOUNT),
        ("target", TARGET_ACCOUNT),
    ):
        iam_backends[account]["aws"].create_policy(
            description="",
            path="/",
            policy_document=_policy({"NotAction": "iam:*", "Resource": "*"}),
            policy_name=BOUNDARY,
            tags=[],
        )
        for role, file in (
            (DEPLOYER, permission_files.DEPLOY),
            (BOUNDED_DEPLOYER, permission_files.DEPLOY_WITH_BOUNDARY),
        ):
            _create_role(account, role, trust=trust, policy=_create_policy(file, side, account))
        _create_role(account, ADMINISTRATOR_ROLE, trust=trust, policy=json.dumps(ADMINISTRATOR))
    for side, more, account in (
        ("source", "source, to run and redrive", SOURCE_ACCOUNT),
        ("target", "target, for the probe", TARGET_ACCOUNT),
    ):
        read, change = (
            _create_policy(permission_files.OPERATE, part, account) for part in (side, more)
        )
        _create_role(account, OPERATOR, trust=trust, policy=read)
        iam_backends[account]["aws"].put_role_policy(OPERATOR, "more", change)
    _create_preliminary_function()


def _create_policy(file: Path, part: str, account: str) -> str:
    return permission_files.create_policy(
        file, part, account=account, region=REGION, name=DEPLOYED_NAME, boundary=BOUNDARY
    ).replace("BUCKET", BATCH_BUCKET)


def _create_preliminary_function() -> None:
    role = _create_role(
        SOURCE_ACCOUNT,
        PRELIMINARY_FUNCTION,
        trust={"Service": "lambda.amazonaws.com"},
        policy=_policy({"Action": "logs:*", "Resource": "*"}),
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(_PRELIMINARY_CODE, "app.py")
    lambda_simple_backends[SOURCE_ACCOUNT][REGION].create_function(
        {
            "FunctionName": PRELIMINARY_FUNCTION,
            "Role": role,
            "Runtime": "python3.13",
            "Handler": "app.lambda_handler",
            "Timeout": 30,
            "Code": {"ZipFile": base64.b64encode(code.getvalue()).decode()},
        }
    )


def _create_role(account: str, name: str, *, trust: dict[str, str], policy: str) -> str:
    backend = iam_backends[account]["aws"]
    role = backend.create_role(
        role_name=name,
        assume_role_policy_document=_policy({"Principal": trust, "Action": "sts:AssumeRole"}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    backend.put_role_policy(name, name, policy)
    arn: str = role.arn
    return arn


def _policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
