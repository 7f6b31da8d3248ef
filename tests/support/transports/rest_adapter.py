"""What MWAA answers over InvokeRestApi."""

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
from tests.support.fake_mwaa.responses import Answer, answer, raises, refused, web
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.transports.adapter import DAG_ID, RUN_ID, Adapter, Lost, Script


def exchanged(case: str) -> Lost:
    """Answer with what was recorded of the REST API."""

    def make(version: str) -> Answer:
        exchange = transcripts.rest(version, case, run_id=RUN_ID)
        return web(exchange.status, exchange.answer)

    return make


class RestAdapter(Adapter):
    """InvokeRestApi."""

    transport = "rest"
    lost: ClassVar[Mapping[str, Lost]] = {
        "reset": lambda _: answer(Operation.INVOKE_REST_API, Reset()),
        "hung up": lambda _: answer(Operation.INVOKE_REST_API, HangUp()),
        "cut short": lambda _: answer(Operation.INVOKE_REST_API, Truncated()),
        "silence": lambda _: raises(Operation.INVOKE_REST_API, TimeoutError()),
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
        "half an answer": lambda _: answer(
            Operation.INVOKE_REST_API, Response(200, b'{"RestApiStatusCode": 2')
        ),
        "no status": lambda _: refused(400, "RestApiServerException"),
        "internal error": lambda _: refused(500, "InternalServerException"),
        "unknown error": lambda _: refused(400, "SomethingNew"),
        "413": lambda _: refused(413, "413"),
        "503 of AWS": lambda _: refused(503, "ServiceUnavailable"),
    }
    taken: ClassVar[Mapping[str, Lost]] = {"already exists": exchanged("duplicate")}
    busy: ClassVar[Mapping[str, Lost]] = {
        "429": lambda _: web(429, {"detail": "Too many requests"}),
        "503": lambda _: web(503, None),
    }
    kinds = REST
    throttles = Operation.INVOKE_REST_API
    denial = "AWS denied InvokeRestApi"

    def __init__(self, version: str) -> None:
        self.version = version
        self.trigger = [f"POST /dags/{DAG_ID}/dagRuns"]
        self.look = [f"GET /dags/{DAG_ID}/dagRuns/{RUN_ID}"]
        self.tasks_of = ["POST /dags/~/dagRuns/~/taskInstances/list"]
        self.dag_of = [f"GET /dags/{DAG_ID}"]
        self.look_in_vain = [*self.look, f"GET /dags/{DAG_ID}"]

    @staticmethod
    def connect(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> RestTransport:
        return RestTransport(environments)

    def created(self) -> Script:
        return [exchanged("created")(self.version)]

    def unknown_dag(self) -> Script:
        return [self._about_another("unknown dag", DAG_ID)]

    def rejected(self) -> Script:
        return [exchanged("bad run id")(self.version)]

    def refused_with(self, words: str) -> Script:
        return [web(400, {"detail": words})]

    def denied(self) -> Script:
        return [refused(403, "AccessDeniedException")]

    def found(self) -> Script:
        return [exchanged("run")(self.version)]

    def absent(self) -> Script:
        return [self._about_another("unknown run", RUN_ID), exchanged("dag")(self.version)]

    def absent_dag(self) -> Script:
        return [
            self._about_another("unknown run", RUN_ID),
            self._about_another("no dag", DAG_ID),
        ]

    def shown(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        dates = {"start_date": start_date, "end_date": end_date}
        return [web(200, run(self.version, RUN_ID, state=state, **dates))]

    def tasks(self, states: Mapping[str, str]) -> Script:
        failed = [name for name, state in states.items() if state == "failed"]
        found = [{"dag_id": DAG_ID, "dag_run_id": RUN_ID, "task_id": name} for name in failed]
        return [web(200, {"task_instances": found, "total_entries": len(found)})]

    def dag(self, *, paused: bool) -> Script:
        recorded = transcripts.rest(self.version, "dag").answer
        return [web(200, {**recorded, "is_paused": paused})]

    def gateway_timeout(self) -> Script:
        return [web(504, "")]

    def asked(self, mwaa: FakeMwaa) -> list[str]:
        return mwaa.paths

    def _about_another(self, case: str, name: str) -> Answer:
        """Answer with what was recorded of `nosuch`."""
        exchange = transcripts.rest(self.version, case)
        return web(exchange.status, json.loads(json.dumps(exchange.answer).replace("nosuch", name)))


def run(version: str, run_id: str, **fields: object) -> dict[str, Any]:
    """Return a run as the REST API shows it."""
    return {**transcripts.rest(version, "run").answer, "dag_run_id": run_id, **fields}
