"""The Airflow role that the function has by default may do what the Lambda asks of Airflow's REST API.

Airflow 2 as it comes; Airflow 3 has these roles only with the provider of Flask AppBuilder, as on MWAA.
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


def logged_in(airflow: Airflow, role: str) -> AirflowRest:
    """Airflow's REST API as a new user of the role."""
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


def test_user_triggers_reads_and_lists_dag_runs(airflow: Airflow) -> None:
    rest, run_id = logged_in(airflow, "User"), f"user-{secrets.token_hex(4)}"

    assert trigger(rest, run_id) == HTTPStatus.OK
    run = rest.dag_run("paused", run_id)
    assert run and run.run_id == run_id
    assert rest.call("GET", "/dags/paused").json()["dag_id"] == "paused"
    listed = rest.call(
        "POST", "/dags/~/dagRuns/list", body={"dag_ids": ["paused"], "order_by": "-id"}
    )
    assert run_id in [run["dag_run_id"] for run in listed.json()["dag_runs"]]


def test_user_changes_no_variable(airflow: Airflow) -> None:
    variable = {"key": "k", "value": "v"}

    assert logged_in(airflow, "User").call("POST", "/variables", body=variable).status_code == (
        HTTPStatus.FORBIDDEN
    )
    assert logged_in(airflow, "Op").call("POST", "/variables", body=variable).ok


def test_viewer_triggers_nothing(airflow: Airflow) -> None:
    assert trigger(logged_in(airflow, "Viewer"), "viewer") == HTTPStatus.FORBIDDEN
