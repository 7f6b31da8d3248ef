"""The doctor reads every form of trust that the target module writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from mwaa_dags.accounts import Account as AwsAccount
from mwaa_dags.doctor.accounts_checks import check_trust
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import Verdict
from mwaa_dags.system import Operator

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.support.local_aws.scripted import ARN, SYSTEM

ROLE, OTHER = SYSTEM.role_arn, f"arn:aws:iam::{SOURCE_ACCOUNT}:role/other"
ROOT = f"arn:aws:iam::{SOURCE_ACCOUNT}:root"
IDS = {"StringEquals": {"sts:ExternalId": ARN.text}}


@pytest.fixture(scope="module")
def facts() -> Any:
    """A system whose target role exists in a local AWS."""
    with AwsServer() as aws, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", aws.url)
        target = Account(aws.url, TARGET_ACCOUNT)
        create = target.iam.create_role
        create(RoleName="target", AssumeRolePolicyDocument=policy({"AWS": ROLE}, IDS))
        account = AwsAccount("target", target.session, "eu-central-1")
        yield Facts(Operator(account, account, SYSTEM))


def policy(principal: Mapping[str, Any], condition: Mapping[str, Any]) -> str:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": principal,
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def principal_arns(*roles: str, ids: Sequence[str] = (ARN.text,)) -> dict[str, Any]:
    """The condition for roles that need not exist yet."""
    return {
        "ArnEquals": {"aws:PrincipalArn": list(roles)},
        "StringEquals": {"sts:ExternalId": list(ids), "aws:PrincipalOrgID": "o-1"},
    }


@pytest.mark.parametrize(
    ("principal", "condition", "words"),
    [
        ({"AWS": ROLE}, IDS, None),
        ({"AWS": [OTHER, ROLE]}, {"StringEquals": {"sts:ExternalId": ["x", ARN.text]}}, None),
        ({"AWS": ROOT}, principal_arns(OTHER, ROLE), None),
        ({"AWS": ROOT}, principal_arns(OTHER), f"but not the source role {ROLE}"),
        ({"AWS": ROOT}, principal_arns(ROLE, ids=["x"]), "only with the external id x"),
        ({"AWS": ROLE}, {"StringEquals": {"x": "y"}}, "without an external id that it accepts"),
        ({"AWS": OTHER}, IDS, f"trusts {OTHER}, but not the source role {ROLE}"),
        ({"AWS": "AROAABCDEFGHIJKLMNOP"}, IDS, "the id of a deleted role"),
        ({"Service": "lambda.amazonaws.com"}, {}, "trusts nobody"),
    ],
    ids=[
        *("role", "lists", "principal ARN", "other principal ARN", "other id of a principal ARN"),
        *("no id", "other role", "deleted role", "nobody"),
    ],
)
def test_a_trust_policy(
    facts: Facts, principal: dict[str, Any], condition: dict[str, Any], words: str | None
) -> None:
    facts.target.iam.update_assume_role_policy(
        RoleName="target", PolicyDocument=policy(principal, condition)
    )

    [finding] = check_trust(facts)

    assert finding.verdict is (Verdict.FAILED if words else Verdict.PASSED)
    assert words is None or words in finding.text
