"""If the function runs in a VPC, only Lambda can manage network interfaces with its role, and not the code."""

from __future__ import annotations

import pytest

from sandbox.iam import is_allowed
from tests.iam.accounts import TARGET
from tests.iam.planned import REGION
from tests.terraform.planner import Plan

ROLE = f"arn:aws:iam::{TARGET}:role/private-target"
FUNCTION = f"arn:aws:lambda:{REGION}:{TARGET}:function:private"
OWN = f"arn:aws:ec2:{REGION}:{TARGET}"
EVERY = f"{OWN}:*/*"
"""The resource for which Lambda checks the permissions before it creates the function (AWS Lambda Developer Guide,
"Giving Lambda functions access to resources in an Amazon VPC")."""

NEEDED = [
    ("ec2:CreateNetworkInterface", f"{OWN}:network-interface/eni-0a1b"),
    ("ec2:CreateNetworkInterface", f"{OWN}:subnet/subnet-0a1b2c3d"),
    ("ec2:CreateNetworkInterface", f"{OWN}:security-group/sg-0a1b2c3d"),
    ("ec2:DeleteNetworkInterface", EVERY),
    ("ec2:AssignPrivateIpAddresses", EVERY),
    ("ec2:UnassignPrivateIpAddresses", EVERY),
    ("ec2:DescribeNetworkInterfaces", "*"),
    ("ec2:DescribeSubnets", "*"),
]


class Role:
    """The role of a function in a VPC."""

    def __init__(self, plan: Plan) -> None:
        self._policies = {"own": plan.policy("module.private.aws_iam_role_policy.function[0]")}

    def may(self, action: str, resource: str, **context: str) -> bool:
        return is_allowed(
            principal=ROLE,
            action=action,
            resource=resource,
            identity_policies=self._policies,
            context=context,
        )


@pytest.fixture
def role(modules_plan: Plan) -> Role:
    return Role(modules_plan)


@pytest.mark.parametrize(("action", "resource"), NEEDED)
def test_lambda_may_manage_network_interfaces(role: Role, action: str, resource: str) -> None:
    assert role.may(action, resource)


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"], ids=["bare", "version", "alias"])
@pytest.mark.parametrize(("action", "resource"), NEEDED)
def test_the_functions_code_may_not_manage_network_interfaces(
    role: Role, action: str, resource: str, qualifier: str
) -> None:
    function = {"lambda:SourceFunctionArn": f"{FUNCTION}{qualifier}"}

    assert not role.may(action, resource, **function)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ec2:CreateNetworkInterface", f"{OWN}:subnet/subnet-0a1b2c3d4"),
        ("ec2:CreateNetworkInterface", f"{OWN}:security-group/sg-0c"),
        (
            "ec2:DeleteNetworkInterface",
            f"arn:aws:ec2:us-east-1:{TARGET}:network-interface/eni-0a1b",
        ),
        ("ec2:AttachNetworkInterface", f"{OWN}:network-interface/eni-0a1b"),
        ("ec2:DescribeInstances", "*"),
        ("ec2:RunInstances", f"{OWN}:instance/*"),
    ],
)
def test_lambda_has_no_other_permission_in_ec2(role: Role, action: str, resource: str) -> None:
    assert not role.may(action, resource)


def test_subnet_and_security_group_may_be_shared_by_another_account(modules_plan: Plan) -> None:
    # The simulator does not support shared resources: it would evaluate policies of the other account.
    policy = modules_plan.policy("module.private.aws_iam_role_policy.function[0]")
    create = next(s for s in policy["Statement"] if s["Action"] == "ec2:CreateNetworkInterface")

    assert create["Resource"] == [
        f"{OWN}:network-interface/*",
        f"arn:aws:ec2:{REGION}:*:security-group/sg-0a1b2c3d",
        f"arn:aws:ec2:{REGION}:*:subnet/subnet-0a1b2c3d",
    ]


def test_a_function_without_a_vpc_has_no_permission_in_ec2(modules_plan: Plan) -> None:
    policy = modules_plan.resources["module.shared.aws_iam_role_policy.function[0]"]["policy"]

    assert "ec2:" not in policy
