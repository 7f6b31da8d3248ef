"""The function's own role, which is also the one that the source assumes."""

from __future__ import annotations

import pytest

from tests.iam.accounts import REGION, SOURCE, TARGET, Iam, airflow_role, environment


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


def test_it_invokes_the_functions_alias_alone(iam: Iam) -> None:
    assert iam.may(iam.function_role, "lambda:InvokeFunction", iam.alias)
    assert not iam.may(iam.function_role, "lambda:InvokeFunction", iam.function)


@pytest.mark.parametrize("action", ["airflow:CreateCliToken", "airflow:GetEnvironment"])
def test_it_uses_the_named_environment(iam: Iam, action: str) -> None:
    assert iam.may(iam.function_role, action, environment("sandbox"), in_function=iam.function)


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_it_writes_its_own_log(iam: Iam, action: str) -> None:
    log = f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/{iam.name}"

    assert iam.may(
        iam.function_role, action, f"{log}:log-stream:2026/01/01/[1]abc", in_function=iam.function
    )
    assert not iam.may(
        iam.function_role, action, f"{log}-2:log-stream:2026/01/01/[1]abc", in_function=iam.function
    )


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        pytest.param("airflow:CreateCliToken", environment("other"), id="another environment"),
        pytest.param("airflow:CreateCliToken", environment("sandbox-2"), id="one of a longer name"),
        pytest.param(
            "airflow:CreateCliToken",
            environment("sandbox", region="eu-west-1"),
            id="one in another Region",
        ),
        pytest.param(
            "airflow:CreateCliToken",
            environment("sandbox", account=SOURCE),
            id="one in another account",
        ),
        pytest.param(
            "airflow:CreateWebLoginToken",
            airflow_role("Admin", of="sandbox"),
            id="Airflow's web page",
        ),
        pytest.param(
            "airflow:InvokeRestApi",
            airflow_role("User", of="sandbox"),
            id="Airflow's REST API",
        ),
        pytest.param(
            "airflow:UpdateEnvironment", environment("sandbox"), id="change the environment"
        ),
        pytest.param(
            "lambda:InvokeFunction",
            f"arn:aws:lambda:{REGION}:{TARGET}:function:other",
            id="another function",
        ),
        pytest.param(
            "lambda:UpdateFunctionCode",
            f"arn:aws:lambda:{REGION}:{TARGET}:function:mwaa-dags-trigger-sandbox",
            id="change the function",
        ),
        pytest.param(
            "logs:CreateLogGroup",
            f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/mwaa-dags-trigger-sandbox",
            id="make a log group",
        ),
    ],
)
def test_it_may_not_use(iam: Iam, action: str, resource: str) -> None:
    assert not iam.may(iam.function_role, action, resource, in_function=iam.function)
