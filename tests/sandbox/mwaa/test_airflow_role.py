"""The default Airflow role of the function has the permissions that the function needs in the REST API.

Airflow 2 includes these roles. Airflow 3 has them only with the provider of Flask AppBuilder, as on MWAA.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus

import pytest

from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.releases import AIRFLOW_2, NEWEST_OF_EACH_MAJOR, family
from sandbox.mwaa.rest import AirflowRest

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.parametrize(
        "installation",
        [version for version in NEWEST_OF_EACH_MAJOR if family(version) is AIRFLOW_2],
        indirect=True,
    ),
]


def log_in(airflow: Airflow, role: str) -> AirflowRest:
    """Create a user with this role, and return a client of the REST API for this user."""
    name, password = f"{role}-{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    user = {"username": name, "password": password, "role": role, "email": f"{name}@localhost"}
    user |= {"firstname": "A", "lastname": role}
    created = airflow.cli(
        ["users", "create", *(f"--{key}={value}" for key, value in user.items())], 60.0
    )
    assert created.exit_code == 0, created.stderr
    return AirflowRest(airflow.version, airflow.web_url, username=name, password=password)


def trigger(rest: AirflowRest, run_id: str) -> int:
    return rest.call("POST", "/dags/paused/dagRuns", body={"dag_run_id": run_id}).status_code


def test_the_role_user_can_trigger_read_and_list_dag_runs(airflow: Airflow) -> None:
    rest, run_id = log_in(airflow, "User"), f"user-{secrets.token_hex(4)}"

    assert trigger(rest, run_id) == HTTPStatus.OK
    run = rest.dag_run("paused", run_id)
    assert run and run.run_id == run_id
    assert rest.call("GET", "/dags/paused").json()["dag_id"] == "paused"
    listed = rest.call(
        "POST", "/dags/~/dagRuns/list", body={"dag_ids": ["paused"], "order_by": "-id"}
    )
    assert run_id in [run["dag_run_id"] for run in listed.json()["dag_runs"]]


def test_the_role_user_cannot_create_variables(airflow: Airflow) -> None:
    variable = {"key": "k", "value": "v"}

    assert log_in(airflow, "User").call("POST", "/variables", body=variable).status_code == (
        HTTPStatus.FORBIDDEN
    )
    assert log_in(airflow, "Op").call("POST", "/variables", body=variable).ok


def test_the_role_viewer_cannot_trigger_dag_runs(airflow: Airflow) -> None:
    assert trigger(log_in(airflow, "Viewer"), "viewer") == HTTPStatus.FORBIDDEN
