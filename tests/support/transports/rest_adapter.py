"""Responses of MWAA to InvokeRestApi."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore import exceptions
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.transports.rest import RestTransport

from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.broken_responses import HangUp, Reset, Truncated
from tests.support.fake_mwaa.faults import REST
from tests.support.fake_mwaa.responses import ScriptedResponse, raises, refused, respond, web
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.transports.adapter import DAG_ID, RUN_ID, Adapter, ResponseForVersion, Script


def recorded_response(case: str) -> ResponseForVersion:
    """Return the recorded response of the REST API."""

    def response(version: str) -> ScriptedResponse:
        exchange = transcripts.rest(version, case, run_id=RUN_ID)
        return web(exchange.status, exchange.response)

    return response


class RestAdapter(Adapter):
    """The transport over InvokeRestApi."""

    transport = "rest"
    outcome_unknown: ClassVar[Mapping[str, ResponseForVersion]] = {
        "reset": lambda _: respond(Operation.INVOKE_REST_API, Reset()),
        "closed": lambda _: respond(Operation.INVOKE_REST_API, HangUp()),
        "truncated": lambda _: respond(Operation.INVOKE_REST_API, Truncated()),
        "no response": lambda _: raises(Operation.INVOKE_REST_API, TimeoutError()),
        "TLS": lambda _: raises(
            Operation.INVOKE_REST_API, exceptions.SSLError(endpoint_url="x", error=OSError())
        ),
        "500": lambda _: web(500, "Internal Server Error"),
        "502": lambda _: web(502, "<html>Bad gateway</html>"),
        "504": lambda _: web(504, {"detail": None}),
        "408": lambda _: web(408, ""),
        "302": lambda _: web(302, ""),
        "200 for another run": lambda version: web(200, run(version, "r2")),
        "200 for another DAG": lambda version: web(200, run(version, RUN_ID, dag_id="d")),
        "200 with a text": lambda _: web(200, "<html>Login</html>"),
        "200 with a list": lambda _: web(200, [1]),
        "200 with nothing": lambda _: web(200, None),
        "half of a response": lambda _: respond(
            Operation.INVOKE_REST_API, Response(200, b'{"RestApiStatusCode": 2')
        ),
        "no status": lambda _: refused(400, "RestApiServerException"),
        "internal error": lambda _: refused(500, "InternalServerException"),
        "unknown error": lambda _: refused(400, "SomethingNew"),
        "413": lambda _: refused(413, "413"),
        "503 of AWS": lambda _: refused(503, "ServiceUnavailable"),
    }
    already_exists: ClassVar[Mapping[str, ResponseForVersion]] = {
        "already exists": recorded_response("duplicate")
    }
    busy: ClassVar[Mapping[str, ResponseForVersion]] = {
        "429": lambda _: web(429, {"detail": "Too many requests"}),
        "503": lambda _: web(503, None),
    }
    kinds = REST
    throttles = Operation.INVOKE_REST_API
    denial = "AWS denied InvokeRestApi"

    def __init__(self, version: str) -> None:
        self.version = version
        self.trigger = [f"POST /dags/{DAG_ID}/dagRuns"]
        self.lookup = [f"GET /dags/{DAG_ID}/dagRuns/{RUN_ID}"]
        self.failed_tasks_query = ["POST /dags/~/dagRuns/~/taskInstances/list"]
        self.dag_query = [f"GET /dags/{DAG_ID}"]
        self.failed_lookup = [*self.lookup, f"GET /dags/{DAG_ID}"]

    @staticmethod
    def connect(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> RestTransport:
        return RestTransport(environments)

    def created(self) -> Script:
        return [recorded_response("created")(self.version)]

    def unknown_dag(self) -> Script:
        return [self._recorded_of_nosuch("unknown dag", DAG_ID)]

    def rejected(self) -> Script:
        return [recorded_response("bad run id")(self.version)]

    def rejected_with(self, message: str) -> Script:
        return [web(400, {"detail": message})]

    def denied(self) -> Script:
        return [refused(403, "AccessDeniedException")]

    def found(self) -> Script:
        return [recorded_response("run")(self.version)]

    def absent(self) -> Script:
        return [
            self._recorded_of_nosuch("unknown run", RUN_ID),
            recorded_response("dag")(self.version),
        ]

    def absent_dag(self) -> Script:
        return [
            self._recorded_of_nosuch("unknown run", RUN_ID),
            self._recorded_of_nosuch("no dag", DAG_ID),
        ]

    def run_in_state(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        dates = {"start_date": start_date, "end_date": end_date}
        return [web(200, run(self.version, RUN_ID, state=state, **dates))]

    def tasks(self, states: Mapping[str, str]) -> Script:
        failed = [name for name, state in states.items() if state == "failed"]
        found = [{"dag_id": DAG_ID, "dag_run_id": RUN_ID, "task_id": name} for name in failed]
        return [web(200, {"task_instances": found, "total_entries": len(found)})]

    def dag(self, *, paused: bool) -> Script:
        recorded = transcripts.rest(self.version, "dag").response
        return [web(200, {**recorded, "is_paused": paused})]

    def gateway_timeout(self) -> Script:
        return [web(504, "")]

    def airflow_calls(self, mwaa: FakeMwaa) -> list[str]:
        return mwaa.paths

    def _recorded_of_nosuch(self, case: str, name: str) -> ScriptedResponse:
        """Return the recorded response about `nosuch`, with this name instead."""
        exchange = transcripts.rest(self.version, case)
        return web(
            exchange.status, json.loads(json.dumps(exchange.response).replace("nosuch", name))
        )


def run(version: str, run_id: str, **fields: object) -> dict[str, Any]:
    """Return a DAG run in the format of the REST API."""
    return {**transcripts.rest(version, "run").response, "dag_run_id": run_id, **fields}
