"""Responses of MWAA to Airflow CLI commands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.transports.cli import CliTransport

from sandbox.mwaa.http import Response
from sandbox.mwaa.releases import AIRFLOW_2, DEFAULT, family
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.broken_responses import HangUp, Reset, Truncated
from tests.support.fake_mwaa.faults import CLI
from tests.support.fake_mwaa.responses import ScriptedResponse, command, printed, raises, replay
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.transports.adapter import DAG_ID, RUN_ID, Adapter, ResponseForVersion, Script

TRACEBACK = "Traceback (most recent call last):\n  File x\n"


def raised(line: str) -> ResponseForVersion:
    """Return the response of a command that ends with this line on stderr."""
    return lambda _: printed("", f"{TRACEBACK}{line}\n")


def recorded(case: str) -> ResponseForVersion:
    """Return the recorded response of a command, about the DAG and the run of the tests."""
    return lambda version: replay(
        transcripts.about(transcripts.command(version, case), DAG_ID, RUN_ID)
    )


CREATED = replay(transcripts.created(DEFAULT, RUN_ID))
"""Response to `dags trigger` that created the run."""


def task_rows(*rows: Mapping[str, str]) -> ScriptedResponse:
    """Return the response to `tasks states-for-dag-run` with these rows."""
    of_run = {"dag_id": DAG_ID, "execution_date": "2026-01-01T00:00:00+00:00"}
    return printed(f"noise\n{json.dumps([{**of_run, **row} for row in rows])}\n")


class CliAdapter(Adapter):
    """The transport over Airflow CLI commands."""

    transport = "cli"
    outcome_unknown: ClassVar[Mapping[str, ResponseForVersion]] = {
        "reset": lambda _: command(Reset()),
        "closed": lambda _: command(HangUp()),
        "truncated": lambda _: command(Truncated()),
        "no response": lambda _: raises(Operation.COMMAND, TimeoutError()),
        "500": lambda _: command(Response(500)),
        "502": lambda _: command(Response(502, b"<html>")),
        "504": lambda _: command(Response(504, b"<html>")),
        "HTML": lambda _: command(Response(200, b"<html>")),
        "wrong base64": lambda _: command(Response(200, b'{"stdout": "%", "stderr": "%"}')),
        "empty stdout": lambda _: printed(""),
        "a table": recorded("help"),
        "OperationalError": raised("sqlalchemy.exc.OperationalError: server closed the connection"),
    }
    already_exists: ClassVar[Mapping[str, ResponseForVersion]] = {
        "already exists": recorded("duplicate"),
        "MultipleResultsFound": raised("sqlalchemy.exc.MultipleResultsFound: Multiple rows"),
        "IntegrityError": raised("sqlalchemy.exc.IntegrityError: UNIQUE constraint failed"),
    }
    busy: ClassVar[Mapping[str, ResponseForVersion]] = {
        "429": lambda _: command(Response(429)),
        "503": lambda _: command(Response(503, b"busy")),
    }
    kinds = CLI
    throttles = Operation.CREATE_CLI_TOKEN
    denial = "refused a new CLI token"

    def __init__(self, version: str) -> None:
        self.version = version
        self.dated = family(version) is AIRFLOW_2
        self.trigger = ["dags trigger"]
        self.lookup = ["tasks states-for-dag-run", "dags state"] if self.dated else ["dags state"]
        self.failed_lookup = self.lookup
        self.failed_tasks_query = ["tasks states-for-dag-run"]
        self.dag_query = ["dags next-execution"]

    @staticmethod
    def connect(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> CliTransport:
        transport = CliTransport(environments, clock)
        transport.endpoint.session.mount("https://", mwaa.http_adapter)
        return transport

    def created(self) -> Script:
        return [replay(transcripts.created(self.version, RUN_ID))]

    def unknown_dag(self) -> Script:
        return [recorded("unknown")(self.version)]

    def rejected(self) -> Script:
        return [recorded("badjson")(self.version)]

    def rejected_with(self, message: str) -> Script:
        return [raised(f"ValueError: {message}")(self.version)]

    def denied(self) -> Script:
        return [command(Response(403))] * 2  # the second one to the attempt with a new token

    def found(self) -> Script:
        if self.dated:
            return [recorded("tasks")(self.version), recorded("state")(self.version)]
        return [recorded("staterun")(self.version)]

    def absent(self) -> Script:
        if self.dated:
            return [recorded("tasksunk")(self.version), recorded("stateunk")(self.version)]
        return [recorded("staterununk")(self.version)]

    def absent_dag(self) -> Script:
        unknown = recorded("statedagunk")(self.version)
        return [recorded("tasksunk")(self.version), unknown] if self.dated else [unknown]

    def run_in_state(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        dates = {"start_date": start_date or "", "end_date": end_date or ""}
        tasks = task_rows({"task_id": "work", "state": state, **dates})
        of_run = printed(f"noise\n{state}\n")
        if self.dated:
            return [tasks, of_run]
        return [of_run, tasks] if end_date else [of_run]

    def tasks(self, states: Mapping[str, str]) -> Script:
        dates = {"start_date": "", "end_date": ""}
        rows = [{"task_id": name, "state": state, **dates} for name, state in states.items()]
        return [task_rows(*rows)]

    def dag(self, *, paused: bool) -> Script:
        return [recorded("nextpaused" if paused else "next")(self.version)]

    def gateway_timeout(self) -> Script:
        return [command(Response(504))]

    def airflow_calls(self, mwaa: FakeMwaa) -> list[str]:
        return [" ".join(words[:2]) for words in mwaa.command_words]
