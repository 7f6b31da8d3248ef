"""What MWAA answers over each transport, for the tests of what every transport must do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from botocore import exceptions

from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.steps import Answer, answer, command, printed, raises, refused, said, web
from tests.support.wire import HangUp, Reset, Truncated

DAG_ID, RUN_ID, CONF = "demo", "r1", {"k": "v"}
"""The run that is asked for; DAG and conf are those of the transcripts."""
TRACEBACK = "Traceback (most recent call last):\n  File x\n"

Script = list[Answer]
Lost = Callable[[str], Answer]
"""Makes an answer, on one version of Airflow, that does not show what was done."""


class Adapter(Protocol):
    """One version of Airflow over one transport, before run `RUN_ID` of DAG `DAG_ID`.

    Attributes
    ----------
    transport, versions
        Its name, and the versions whose answers were recorded.
    lost, busy
        Answers that leave it open what was done; and those of a web server that is busy.
    trigger, look, look_in_vain
        What `asked` shows for a trigger, for a look that finds the run with its conf, and for one that
        does not.
    throttles
        The operation that is asked for first, and throttled.
    reads_conf
        Whether the run's conf can be read back.
    """

    transport: ClassVar[str]
    versions: ClassVar[tuple[str, ...]]
    lost: ClassVar[Mapping[str, Lost]]
    busy: ClassVar[Mapping[str, Lost]]
    throttles: ClassVar[Operation]
    denial: ClassVar[str]
    trigger: list[str]
    look: list[str]
    look_in_vain: list[str]
    version: str
    reads_conf: bool

    def __init__(self, version: str) -> None: ...

    def created(self) -> Script:
        """Answer a trigger: made."""
        ...

    def taken(self) -> Script:
        """Answer a trigger: there is a run with this id already."""
        ...

    def unknown_dag(self) -> Script:
        """Answer a trigger: there is no such DAG."""
        ...

    def rejected(self) -> Script:
        """Answer a trigger: not like this."""
        ...

    def refused_with(self, words: str) -> Script:
        """Answer a trigger: not like this, in these words."""
        ...

    def denied(self) -> Script:
        """Refuse the caller, for one try."""
        ...

    def found(self) -> Script:
        """Answer a look: the run, and its conf `CONF`."""
        ...

    def absent(self) -> Script:
        """Answer a look: not there."""
        ...

    def absent_dag(self) -> Script:
        """Answer a look: there is no such DAG."""
        ...

    def shown(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        """Answer a look without conf."""
        ...

    def gateway_timeout(self) -> Script:
        """Answer anything with HTTP 504."""
        ...

    def asked(self, mwaa: FakeMwaa) -> list[str]:
        """Return what Airflow was asked, in the order it was."""
        ...


def raised(line: str) -> Lost:
    """Answer with this line of stderr."""
    return lambda _: printed("", f"{TRACEBACK}{line}\n")


def recorded(case: str) -> Lost:
    """Answer with what was recorded of a command."""

    return lambda version: said(transcripts.command(version, case))


def exchanged(case: str) -> Lost:
    """Answer with what was recorded of the REST API."""

    def make(version: str) -> Answer:
        exchange = transcripts.rest(version, case, run_id=RUN_ID)
        return web(exchange.status, exchange.answer)

    return make


class CliAdapter(Adapter):
    """The command line."""

    transport = "cli"
    versions = ("2.11.0", "3.0.6", "3.3.2")
    lost: ClassVar[Mapping[str, Lost]] = {
        "reset": lambda _: command(Reset()),
        "hung up": lambda _: command(HangUp()),
        "cut short": lambda _: command(Truncated()),
        "silence": lambda _: raises(Operation.COMMAND, TimeoutError()),
        "500": lambda _: command(Response(500)),
        "502": lambda _: command(Response(502, b"<html>")),
        "504": lambda _: command(Response(504, b"<html>")),
        "HTML": lambda _: command(Response(200, b"<html>")),
        "wrong base64": lambda _: command(Response(200, b'{"stdout": "%", "stderr": "%"}')),
        "empty stdout": lambda _: printed(""),
        "a table": recorded("help"),
        "already exists": recorded("duplicate"),
        "MultipleResultsFound": raised("sqlalchemy.exc.MultipleResultsFound: Multiple rows"),
        "IntegrityError": raised("sqlalchemy.exc.IntegrityError: UNIQUE constraint failed"),
    }
    busy: ClassVar[Mapping[str, Lost]] = {
        "429": lambda _: command(Response(429)),
        "503": lambda _: command(Response(503, b"busy")),
    }
    throttles = Operation.CREATE_CLI_TOKEN
    denial = "refused a fresh CLI token"

    def __init__(self, version: str) -> None:
        self.version = version
        self.reads_conf = not version.startswith("2.")
        self.trigger, self.look_in_vain = ["dags trigger"], ["dags list-runs"]
        self.look = ["dags list-runs", "dags state"] if self.reads_conf else ["dags list-runs"]

    def created(self) -> Script:
        return [said(transcripts.created(self.version, RUN_ID))]

    def taken(self) -> Script:
        return [recorded("duplicate")(self.version)]

    def unknown_dag(self) -> Script:
        return [recorded("unknown")(self.version)]

    def rejected(self) -> Script:
        return [recorded("badjson")(self.version)]

    def refused_with(self, words: str) -> Script:
        return [raised(f"airflow.exceptions.ParamValidationError: {words}")(self.version)]

    def denied(self) -> Script:
        return [command(Response(403))] * 2  # a fresh token too

    def found(self) -> Script:
        listed = said(transcripts.listed(self.version, RUN_ID))
        return [listed, recorded("staterun")(self.version)] if self.reads_conf else [listed]

    def absent(self) -> Script:
        return [recorded("listruns")(self.version)]

    def absent_dag(self) -> Script:
        return [recorded("listrunsunk")(self.version)]

    def shown(self, state: str, start_date: str | None, end_date: str | None) -> Script:
        dates = {"start_date": start_date or "", "end_date": end_date or ""}
        row = {"dag_id": DAG_ID, "run_id": RUN_ID, "state": state, **dates}
        return [printed(f"noise\n{json.dumps([row])}\n")]

    def gateway_timeout(self) -> Script:
        return [command(Response(504))]

    def asked(self, mwaa: FakeMwaa) -> list[str]:
        return [" ".join(words[:2]) for words in mwaa.words]


class RestAdapter(Adapter):
    """InvokeRestApi."""

    transport = "rest"
    versions = ("2.11.2", "3.0.6", "3.3.1")
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
        "503": lambda _: web(503, None),
        "504": lambda _: web(504, {"detail": None}),
        "408": lambda _: web(408, ""),
        "302": lambda _: web(302, ""),
        "200 for another run": lambda version: web(200, run(version, "r2")),
        "200 for another DAG": lambda version: web(200, run(version, RUN_ID, dag_id="d")),
        "200 with a text": lambda _: web(200, "<html>Login</html>"),
        "200 with a list": lambda _: web(200, [1]),
        "no status": lambda _: refused(400, "RestApiServerException"),
        "internal error": lambda _: refused(500, "InternalServerException"),
        "unknown error": lambda _: refused(400, "SomethingNew"),
        "413": lambda _: refused(413, "413"),
        "503 of AWS": lambda _: refused(503, "ServiceUnavailable"),
        "already exists": exchanged("duplicate"),
    }
    busy: ClassVar[Mapping[str, Lost]] = {
        "429": lambda _: web(429, {"detail": "Too many requests"}),
    }
    throttles = Operation.INVOKE_REST_API
    denial = "AWS refused InvokeRestApi"
    reads_conf = True

    def __init__(self, version: str) -> None:
        self.version = version
        self.trigger = [f"POST /dags/{DAG_ID}/dagRuns"]
        self.look = [f"GET /dags/{DAG_ID}/dagRuns/{RUN_ID}"]
        self.look_in_vain = [*self.look, f"GET /dags/{DAG_ID}"]

    def created(self) -> Script:
        return [exchanged("created")(self.version)]

    def taken(self) -> Script:
        return [exchanged("duplicate")(self.version)]

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


ADAPTERS: tuple[type[Adapter], ...] = (CliAdapter, RestAdapter)
