"""The local AWS enforces documented limits that the API models of AWS do not contain."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import PRELIMINARY_FUNCTION, SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines

TRUST = {"Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOW = {"Action": "s3:GetObject", "Resource": "*"}
DESCRIPTION = (
    "Valid descriptions are strings less than 256 characters from the following set:  "
    "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with AwsServer() as aws:
        yield Account(aws.url, SOURCE_ACCOUNT)


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def policy(length: int, **statement: Any) -> str:
    """Return a policy with this length, not counting white space."""

    def document(padding: int) -> dict[str, Any]:
        sid = {"Sid": "s" * padding}
        return {"Version": "2012-10-17", "Statement": [{**sid, "Effect": "Allow", **statement}]}

    shortest = len(json.dumps(document(0), separators=(",", ":")))
    return json.dumps(document(length - shortest), indent=2)


class TestTrustPolicy:
    REFUSED = ("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")

    def test_has_at_most_2048_characters_without_white_space(self, account: Account) -> None:
        create = account.iam.create_role

        create(RoleName="longest", AssumeRolePolicyDocument=policy(2048, **TRUST))

        longer = policy(2049, **TRUST)
        assert refusal(create, RoleName="longer", AssumeRolePolicyDocument=longer) == self.REFUSED

    def test_cannot_be_updated_beyond_2048_characters(self, account: Account) -> None:
        account.iam.create_role(RoleName="grown", AssumeRolePolicyDocument=policy(500, **TRUST))
        update = account.iam.update_assume_role_policy

        update(RoleName="grown", PolicyDocument=policy(2048, **TRUST))

        longer = policy(2049, **TRUST)
        assert refusal(update, RoleName="grown", PolicyDocument=longer) == self.REFUSED


def test_inline_policies_of_a_role_have_at_most_10240_characters_in_total(account: Account) -> None:
    account.iam.create_role(RoleName="role", AssumeRolePolicyDocument=policy(500, **TRUST))
    put = account.iam.put_role_policy

    put(RoleName="role", PolicyName="first", PolicyDocument=policy(10240, **ALLOW))
    put(RoleName="role", PolicyName="first", PolicyDocument=policy(6000, **ALLOW))
    put(RoleName="role", PolicyName="second", PolicyDocument=policy(4240, **ALLOW))

    longer = policy(4241, **ALLOW)
    assert refusal(put, RoleName="role", PolicyName="second", PolicyDocument=longer) == (
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role role",
    )


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        pytest.param(
            {"Team": "data", "team": "data"},
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            id="same-key-with-different-case",
        ),
        pytest.param(
            {"AWS:team": "data"},
            "aws: prefixed tag key names are not allowed for external use.",
            id="reserved-key",
        ),
        pytest.param(
            {"Team": "aws:data"},
            "aws: prefixed tag key names are not allowed for external use.",
            id="reserved-value",
        ),
    ],
)
def test_invalid_tags_of_a_role_are_rejected(
    account: Account, tags: dict[str, str], message: str
) -> None:
    error = refusal(
        account.iam.create_role,
        RoleName="tagged",
        AssumeRolePolicyDocument=policy(500, **TRUST),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )

    assert error == ("InvalidInput", message)


def test_environment_variables_have_at_most_4096_bytes_of_utf_8(account: Account) -> None:
    update = account.functions.update_function_configuration
    longest = "ü" * ((4096 - len('{"NAME":""}')) // 2)

    name = PRELIMINARY_FUNCTION

    update(FunctionName=name, Environment={"Variables": {"NAME": f"{longest}u"}})

    longer = {"Variables": {"NAME": f"{longest}ü"}}
    code, message = refusal(update, FunctionName=name, Environment=longer)
    assert code == "InvalidParameterValueException"
    assert message.endswith("the environment variables you have provided exceeded the 4KB limit.")


@pytest.mark.parametrize(
    "description", [pytest.param("it's", id="apostrophe"), pytest.param("d" * 256, id="too-long")]
)
def test_security_group_descriptions_have_at_most_255_plain_characters(
    account: Account, description: str
) -> None:
    ec2 = account.session.client("ec2", endpoint_url=account.iam.meta.endpoint_url)
    created = ec2.create_security_group(GroupName=f"with {len(description)}", Description="d" * 255)
    ranges = [{"CidrIp": "10.0.0.0/16", "Description": description}]

    assert refusal(ec2.create_security_group, GroupName="other", Description=description) == (
        "InvalidParameterValue",
        f"Invalid security group description. {DESCRIPTION}",
    )
    assert refusal(
        ec2.authorize_security_group_ingress,
        GroupId=created["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}],
    ) == ("InvalidParameterValue", f"Invalid rule description. {DESCRIPTION}")


def test_the_input_of_an_execution_has_at_most_262144_bytes_of_utf_8(account: Account) -> None:
    machine = Machines(account).create("machine", {"Only": {"Type": "Succeed"}})
    start = account.states.start_execution
    longest = "ü" * ((262144 - len('""')) // 2)

    started = start(stateMachineArn=machine, input=f'"{longest}"')

    assert started["executionArn"]
    assert refusal(start, stateMachineArn=machine, input=f'"{longest}u"') == (
        "ValidationException",
        "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have "
        "length less than or equal to 262144",
    )
