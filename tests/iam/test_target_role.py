"""The function's own role, which is also the one that the source assumes."""

from __future__ import annotations

import pytest

from tests.iam.accounts import SOURCE, TARGET, Iam
from tests.iam.planned import REGION


def test_the_source_role_assumes_it_with_the_state_machine_as_external_id(iam: Iam) -> None:
    context = {"sts:ExternalId": iam.state_machine}

    assert iam.may_assume(iam.source_role, iam.function_role, context)


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(
            {"sts:ExternalId": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other"},
            id="another state machine's",
        ),
        pytest.param({}, id="no"),
    ],
)
def test_the_source_role_does_not_assume_it_with_external_id(
    iam: Iam, context: dict[str, str]
) -> None:
    assert not iam.may_assume(iam.source_role, iam.function_role, context)


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(f"arn:aws:iam::{SOURCE}:role/other", id="of the source account"),
        pytest.param(f"arn:aws:iam::{TARGET}:role/other", id="of the target account"),
        pytest.param(
            "arn:aws:iam::333333333333:role/mwaa-dags-trigger-sandbox-source",
            id="of the same name elsewhere",
        ),
    ],
)
def test_no_other_role_assumes_it_with_the_right_external_id(iam: Iam, role: str) -> None:
    context = {"sts:ExternalId": iam.state_machine}

    assert not iam.may_assume(role, iam.function_role, context)


def test_lambda_assumes_it(iam: Iam) -> None:
    assert iam.may_assume("lambda.amazonaws.com", iam.function_role)


def test_no_other_service_assumes_it(iam: Iam) -> None:
    assert not iam.may_assume("states.amazonaws.com", iam.function_role)
