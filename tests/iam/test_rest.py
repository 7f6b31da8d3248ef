"""The function's own role, where it reaches Airflow by REST."""

from __future__ import annotations

import pytest

from tests.iam.accounts import Iam, airflow_role, environment


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        pytest.param("airflow:GetEnvironment", environment("analytics"), id="the environment"),
        pytest.param(
            "airflow:InvokeRestApi",
            airflow_role("User", of="analytics"),
            id="its REST API as the Airflow role",
        ),
    ],
)
def test_it_uses(split: Iam, action: str, resource: str) -> None:
    assert split.may(split.function_role, action, resource, in_function=split.function)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        pytest.param(
            "airflow:InvokeRestApi",
            airflow_role("Admin", of="analytics"),
            id="the REST API as another Airflow role",
        ),
        pytest.param(
            "airflow:InvokeRestApi",
            airflow_role("User-2", of="analytics"),
            id="the REST API as one of a longer name",
        ),
        pytest.param(
            "airflow:InvokeRestApi",
            airflow_role("User", of="other"),
            id="another environment's REST API",
        ),
        pytest.param("airflow:CreateCliToken", environment("analytics"), id="a command line token"),
        pytest.param(
            "airflow:CreateWebLoginToken",
            airflow_role("User", of="analytics"),
            id="Airflow's web page",
        ),
        pytest.param("airflow:GetEnvironment", environment("other"), id="another environment"),
    ],
)
def test_it_may_not_use(split: Iam, action: str, resource: str) -> None:
    assert not split.may(split.function_role, action, resource, in_function=split.function)
