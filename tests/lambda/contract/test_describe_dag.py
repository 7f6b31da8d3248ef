"""The action `describe_dag`, over both transports, with the responses of Airflow 2.11.2 and 3.3.1."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mwaa_dags_trigger.allowed import Allowed
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import AccessDenied, DagNotAllowed, InvalidRequest
from mwaa_dags_trigger.transports.cli import CliTransport

from tests.support.fake_mwaa.responses import ScriptedResponse, printed, web
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle, handler
from tests.support.transports.adapter import RUN_ID
from tests.support.unreachable_airflow import UnreachableAirflow

DESCRIBE = {"action": "describe_dag"}
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py"\nModuleNotFoundError: No module x\n'
LAST_LINE = "ModuleNotFoundError: No module x"
RESULT = {
    "mwaa_env_name": "etl",
    "mwaa_dag_name": "demo",
    "exists": True,
    "paused": False,
    "import_errors": {},
    "airflow_version": "3.3.1",
}
FILE = "/usr/local/airflow/dags/demo.py"


def details(*, paused: bool = False, broken: bool = False) -> ScriptedResponse:
    """ScriptedResponse `dags details`, which prints a log line and booleans as strings."""
    row = {
        "dag_id": "demo",
        "is_paused": str(paused),
        "has_import_errors": str(broken),
        "fileloc": FILE,
    }
    return printed(f"[warning] no graphviz\n{json.dumps([row])}\n")


def import_errors(file: str) -> ScriptedResponse:
    return printed(f"{json.dumps([{'filepath': file, 'error': TRACEBACK}])}\n")


def dag(*, paused: bool = False, broken: bool = False, **params: Any) -> ScriptedResponse:
    """ScriptedResponse `GET /dags/demo/details`."""
    body = {"dag_id": "demo", "is_paused": paused, "has_import_errors": broken, "fileloc": FILE}
    return web(200, {**body, "params": params})


def rest_import_errors(file: str) -> ScriptedResponse:
    error = {"filename": file, "stack_trace": TRACEBACK}
    return web(200, {"import_errors": [error], "total_entries": 1})


UNKNOWN = printed("", "DAG: demo does not exist in 'dag' table\n")
REST_UNKNOWN = web(404, {"detail": "The Dag with ID: `demo` was not found"})


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([details()], {}),
        ([details(paused=True)], {"paused": True}),
        (
            [details(broken=True), import_errors("demo.py")],
            {"import_errors": {"demo.py": LAST_LINE}},
        ),
        (
            [UNKNOWN, import_errors("new.py")],
            {"exists": False, "paused": None, "import_errors": {"new.py": LAST_LINE}},
        ),
    ],
    ids=["active", "paused", "broken", "unknown"],
)
def test_over_the_cli(
    airflow: UnreachableAirflow,
    mwaa: FakeMwaa,
    handle: Handle,
    script: list[ScriptedResponse],
    expected: dict[str, object],
) -> None:
    airflow.version = "3.3.1"
    mwaa.begin(*script)

    assert handle(**DESCRIBE) == {**RESULT, "transport": "cli", "params": None, **expected}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            [
                dag(
                    client={"value": None, "schema": {"type": "string"}},
                    day={"value": 1, "schema": {"type": "integer"}},
                    note={"value": None, "schema": {"type": ["null", "string"]}},
                    other={"value": None},
                )
            ],
            {
                "params": {
                    "client": "string, required",
                    "day": "integer",
                    "note": "null or string",
                    "other": "any",
                }
            },
        ),
        ([dag(paused=True)], {"paused": True}),
        (
            [dag(broken=True), rest_import_errors("demo.py")],
            {"import_errors": {"demo.py": LAST_LINE}},
        ),
        ([dag(broken=True), rest_import_errors("other.py")], {}),
        ([dag(broken=True), web(403, {"detail": "Forbidden"})], {}),
        (
            [REST_UNKNOWN, rest_import_errors("new.py")],
            {
                "exists": False,
                "paused": None,
                "params": None,
                "import_errors": {"new.py": LAST_LINE},
            },
        ),
    ],
    ids=["params", "paused", "broken", "another file", "no permission for errors", "unknown"],
)
def test_over_rest(
    airflow: UnreachableAirflow,
    mwaa: FakeMwaa,
    handle_rest: Handle,
    script: list[ScriptedResponse],
    expected: dict[str, object],
) -> None:
    airflow.version = "3.3.1"
    mwaa.begin(*script)

    assert handle_rest(**DESCRIBE) == {**RESULT, "transport": "rest", "params": {}, **expected}


def test_a_role_that_may_not_see_the_dag_is_denied(mwaa: FakeMwaa, handle_rest: Handle) -> None:
    mwaa.begin(web(403, {"detail": "Forbidden"}))

    with pytest.raises(AccessDenied, match="DAG demo"):
        handle_rest(**DESCRIBE)


def test_a_dag_that_is_not_allowed_is_not_described(
    mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    allowed = Allowed(dags={"etl": ["other"]})

    with pytest.raises(DagNotAllowed):
        handler(transport, deadline, allowed=allowed)(**DESCRIBE)


def test_a_run_id_is_an_unknown_field(handle: Handle) -> None:
    with pytest.raises(InvalidRequest, match="dag_run_id"):
        handle(**DESCRIBE, dag_run_id=RUN_ID)
