"""Without a permissions boundary, the permissions for deployment are sufficient to become administrator.

Each step of this escalation succeeds with docs/deploy-permissions.json and fails with
docs/deploy-permissions-with-boundary.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import (
    BOUNDARY,
    BOUNDED_DEPLOYER,
    DEPLOYED_NAME,
    DEPLOYER,
    REGION,
    SOURCE_ACCOUNT,
)
from sandbox.aws.authorizer import MANAGEMENT_ACCOUNT

ROLE = f"{DEPLOYED_NAME}-source"
ROLE_ARN = f"arn:aws:iam::{SOURCE_ACCOUNT}:role/{ROLE}"
BOUNDARY_ARN = f"arn:aws:iam::{SOURCE_ACCOUNT}:policy/{BOUNDARY}"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{SOURCE_ACCOUNT}:function:other"


def policy(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


# A different account, which the deployer chooses.
TRUST = policy(
    Action="sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root"}
)
EVERYTHING = policy(Action="*", Resource="*")


def create_role(account: Account) -> None:
    account.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)


def create_bounded_role(account: Account) -> None:
    account.iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY_ARN
    )


def put_policy(account: Account) -> None:
    account.iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=EVERYTHING)


def attach_policy(account: Account) -> None:
    account.iam.attach_role_policy(RoleName=ROLE, PolicyArn=BOUNDARY_ARN)


def delete_boundary(account: Account) -> None:
    account.iam.delete_role_permissions_boundary(RoleName=ROLE)


def put_other_boundary(account: Account) -> None:
    account.iam.put_role_permissions_boundary(
        RoleName=ROLE, PermissionsBoundary=f"arn:aws:iam::{SOURCE_ACCOUNT}:policy/other"
    )


def change_trust(account: Account) -> None:
    account.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=TRUST)


def pass_to_lambda(account: Account) -> None:
    account.functions.create_function(
        FunctionName="other",
        Role=ROLE_ARN,
        Runtime="python3.13",
        Handler="app.lambda_handler",
        Code={"ZipFile": b"zip"},
    )


def create_user(account: Account) -> None:
    account.iam.create_user(UserName="administrator")


@pytest.fixture(params=[DEPLOYER, BOUNDED_DEPLOYER])
def role(request: pytest.FixtureRequest) -> str:
    """The name of the deployer's role."""
    return str(request.param)


@pytest.fixture
def deployer(aws: AwsServer, source: Account, role: str) -> Account:
    """The deployer, who also manages a function that has nothing to do with this project."""
    source.iam.put_role_policy(
        RoleName=role,
        PolicyName="other",
        PolicyDocument=policy(Action="lambda:CreateFunction", Resource=FUNCTION_ARN),
    )
    source.iam.create_policy(PolicyName="other", PolicyDocument=EVERYTHING)
    return Account(aws.url, SOURCE_ACCOUNT, role=role)


def is_denied(step: Callable[[Account], None], account: Account) -> bool:
    """Take a step of the escalation. Return whether IAM denies it."""
    try:
        step(account)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        return True
    return False


@pytest.mark.parametrize(
    ("before", "step"),
    [
        pytest.param([], create_role, id="create-role"),
        pytest.param([create_role], put_policy, id="put-policy"),
        pytest.param([create_role], change_trust, id="change-trust"),
        pytest.param([create_bounded_role], delete_boundary, id="delete-boundary"),
        pytest.param([create_bounded_role], put_other_boundary, id="put-other-boundary"),
        pytest.param([create_bounded_role], pass_to_lambda, id="pass-role"),
    ],
)
def test_only_a_deployer_without_a_boundary_can(
    source: Account,
    deployer: Account,
    before: list[Callable[[Account], None]],
    step: Callable[[Account], None],
    role: str,
) -> None:
    for prepare in before:
        prepare(source)

    assert is_denied(step, deployer) == (role == BOUNDED_DEPLOYER)


@pytest.mark.parametrize("prepare", [create_role, create_bounded_role])
def test_no_deployer_can_attach_a_policy(
    source: Account, deployer: Account, prepare: Callable[[Account], None]
) -> None:
    prepare(source)

    assert is_denied(attach_policy, deployer)


@pytest.mark.parametrize(
    ("role", "create"),
    [
        pytest.param(DEPLOYER, create_role, id="without-boundary"),
        pytest.param(BOUNDED_DEPLOYER, create_bounded_role, id="with-boundary"),
    ],
    indirect=["role"],
)
def test_a_role_with_all_permissions_can_create_a_user_only_without_the_boundary(
    aws: AwsServer, deployer: Account, role: str, create: Callable[[Account], None]
) -> None:
    create(deployer)
    put_policy(deployer)
    change_trust(deployer)
    assumed = Account(aws.url, SOURCE_ACCOUNT, role=ROLE)

    assert assumed.functions.list_functions()["Functions"]
    assert is_denied(create_user, assumed) == (role == BOUNDED_DEPLOYER)


def test_a_boundary_must_exist(source: Account) -> None:
    with pytest.raises(source.iam.exceptions.NoSuchEntityException, match="is not attachable"):
        source.iam.create_role(
            RoleName=ROLE, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=f"{BOUNDARY_ARN}2"
        )
