"""Principals cannot assume roles or use permissions of others, whatever `make iam-snapshot` writes."""

from __future__ import annotations

import pytest

from tests.iam.accounts import SOURCE, TARGET, Iam, airflow_role, environment
from tests.iam.planned import REGION

LOG = f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/mwaa-dags-trigger-sandbox"
STREAM = f"{LOG}:log-stream:2026/01/01/[1]abc"


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(
            {
                "aws:SourceAccount": "333333333333",
                "aws:SourceArn": f"arn:aws:states:{REGION}:333333333333:stateMachine:m",
            },
            id="another account's state machine",
        ),
        pytest.param(
            {
                "aws:SourceAccount": SOURCE,
                "aws:SourceArn": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other",
            },
            id="another state machine of this account",
        ),
        pytest.param(
            {
                "aws:SourceAccount": "333333333333",
                "aws:SourceArn": (
                    f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:mwaa-dags-trigger-sandbox"
                ),
            },
            id="this state machine for another account",
        ),
        pytest.param({}, id="no state machine"),
    ],
)
def test_step_functions_cannot_assume_the_source_role_for(
    iam: Iam, context: dict[str, str]
) -> None:
    assert not iam.may_assume("states.amazonaws.com", iam.source_role, context)


@pytest.mark.parametrize(
    "context",
    [
        pytest.param(
            {"sts:ExternalId": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other"},
            id="another external id",
        ),
        pytest.param({}, id="no external id"),
    ],
)
def test_the_source_role_cannot_assume_the_functions_role_with(
    iam: Iam, context: dict[str, str]
) -> None:
    assert not iam.may_assume(iam.source_role, iam.function_role, context)


@pytest.mark.parametrize(
    "role",
    [
        pytest.param(f"arn:aws:iam::{SOURCE}:role/other", id="in the source account"),
        pytest.param(f"arn:aws:iam::{TARGET}:role/other", id="in the target account"),
        pytest.param(
            "arn:aws:iam::333333333333:role/mwaa-dags-trigger-sandbox-source",
            id="with the same name in another account",
        ),
    ],
)
def test_another_role_cannot_assume_the_functions_role_with_the_correct_external_id(
    iam: Iam, role: str
) -> None:
    context = {"sts:ExternalId": iam.state_machine}

    assert not iam.may_assume(role, iam.function_role, context)


def test_another_service_cannot_assume_the_functions_role(iam: Iam) -> None:
    assert not iam.may_assume("states.amazonaws.com", iam.function_role)


@pytest.mark.parametrize(
    ("accounts", "action", "resource"),
    [
        pytest.param("iam", "airflow:GetEnvironment", environment("sandbox"), id="environment"),
        pytest.param("iam", "airflow:CreateCliToken", environment("sandbox"), id="cli"),
        pytest.param(
            "split", "airflow:InvokeRestApi", airflow_role("User", of="analytics"), id="rest"
        ),
        pytest.param("iam", "logs:CreateLogStream", STREAM, id="log-stream"),
        pytest.param("iam", "logs:PutLogEvents", STREAM, id="log-events"),
    ],
)
def test_a_source_with_the_functions_role_does_not_have_the_functions_permissions(
    iam: Iam, split: Iam, accounts: str, action: str, resource: str
) -> None:
    configuration = {"iam": iam, "split": split}[accounts]

    assert not configuration.may(configuration.function_role, action, resource)
