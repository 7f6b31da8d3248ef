"""What the function may do is the function's alone: a source that holds the same role has nothing of it."""

from __future__ import annotations

import pytest

from tests.iam.accounts import TARGET, Iam, airflow_role, environment
from tests.iam.planned import REGION

LOG = f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/mwaa-dags-trigger-sandbox"
STREAM = f"{LOG}:log-stream:2026/01/01/[1]abc"


@pytest.fixture(
    params=[
        pytest.param(("iam", "airflow:GetEnvironment", environment("sandbox")), id="environment"),
        pytest.param(("iam", "airflow:CreateCliToken", environment("sandbox")), id="cli"),
        pytest.param(
            ("split", "airflow:InvokeRestApi", airflow_role("User", of="analytics")), id="rest"
        ),
        pytest.param(("iam", "logs:CreateLogStream", STREAM), id="log-stream"),
        pytest.param(("iam", "logs:PutLogEvents", STREAM), id="log-events"),
    ]
)
def right(request: pytest.FixtureRequest, iam: Iam, split: Iam) -> tuple[Iam, str, str]:
    """Something that the function may do: in which accounts, the action, and on what."""
    accounts, action, resource = request.param
    return {"iam": iam, "split": split}[accounts], action, resource


@pytest.mark.parametrize("qualifier", ["", ":7", ":live"], ids=["bare", "version", "alias"])
def test_the_function_has_it_however_its_arn_ends(
    right: tuple[Iam, str, str], qualifier: str
) -> None:
    iam, action, resource = right

    assert iam.may(iam.function_role, action, resource, in_function=f"{iam.function}{qualifier}")


def test_who_assumes_the_role_does_not(right: tuple[Iam, str, str]) -> None:
    iam, action, resource = right

    assert not iam.may(iam.function_role, action, resource)
