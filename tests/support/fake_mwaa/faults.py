"""Faults of MWAA, as steps of a script."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from sandbox.mwaa.api import failure, rest_failure, success
from sandbox.mwaa.front import envelope
from sandbox.mwaa.http import Request, Response
from tests.support.fake_mwaa.broken_responses import Truncated
from tests.support.fake_mwaa.server import (
    LOOP,
    OTHER_HOST,
    Call,
    CrashError,
    FakeMwaa,
    Operation,
    redirect,
)


class Ran(StrEnum):
    """Whether Airflow runs the command of a faulty request. `LATE` means after the next command."""

    NO = "not run"
    YES = "run"
    LATE = "run late"


class Kind(StrEnum):
    """The fault that replaces the response. `NONE` is no fault, so that a later request has the fault."""

    NONE = "none"
    REFUSE = "refuse"
    RESET = "reset"
    HANG = "hang"
    REDIRECT = "307"
    REDIRECT_AWAY = "307 away"
    REDIRECT_LOOP = "307 loop"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    TOO_MANY_REQUESTS = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    SERVICE_UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    TRUNCATED = "truncated"
    WRONG_BASE64 = "wrong base64"
    HTML = "HTML"
    LOG_LINES = "log lines"
    PRINTED_LISTS = "printed lists"
    EMPTY_LIST = "printed empty list"
    UNTERMINATED = "unterminated line"
    COLOUR = "colour"
    OTHER_RUN = "row of another run"
    WARNINGS = "warnings"
    EMPTY_STDOUT = "empty stdout"
    DATABASE_ERROR = "database error"
    DATE_TAKEN = "date taken"
    THROTTLED = "throttled"
    API_DOWN = "API down"
    NOT_READY = "not ready"
    STALE = "stale DAG"
    CRASH = "crash"


STATUSES = {kind: HTTPStatus(int(kind)) for kind in Kind if len(kind) == 3 and kind.isdecimal()}
REDIRECTS = {Kind.REDIRECT, Kind.REDIRECT_AWAY, Kind.REDIRECT_LOOP}
API = {Kind.THROTTLED, Kind.API_DOWN, Kind.NOT_READY}
"""Faults of the MWAA API: of GetEnvironment, CreateCliToken and, except for NOT_READY, InvokeRestApi."""

CLI = frozenset(Kind) - {Kind.NONE, Kind.SERVER_ERROR}
REST = (
    frozenset(STATUSES) - REDIRECTS
    | API
    | {
        *{Kind.RESET, Kind.HANG, Kind.REDIRECT, Kind.TRUNCATED, Kind.WRONG_BASE64, Kind.HTML},
        *{Kind.OTHER_RUN, Kind.EMPTY_STDOUT, Kind.DATABASE_ERROR, Kind.DATE_TAKEN},
        *{Kind.STALE, Kind.CRASH},
    }
)
"""Kinds of each transport. For REST, the faults of stdout are a body without the run, or a body that is not JSON."""

POSSIBLE = {
    Operation.COMMAND: CLI - API - {Kind.REFUSE} | {Kind.NONE},
    Operation.INVOKE_REST_API: REST - {Kind.NOT_READY} | {Kind.NONE},
    Operation.CREATE_CLI_TOKEN: API | {Kind.REFUSE},
    Operation.GET_ENVIRONMENT: API,
}
NEVER_RUN = API | REDIRECTS | {Kind.NONE, Kind.REFUSE, Kind.DATE_TAKEN, Kind.STALE}


@dataclass(frozen=True)
class Fault:
    """A step of a script at which one fault happens.

    Faults in `API` happen to calls of the MWAA API. `REFUSE` happens to CreateCliToken, which then returns an address
    where nothing listens. All other faults happen to a call that would reach Airflow.
    """

    kind: Kind
    ran: Ran = Ran.NO

    def __str__(self) -> str:
        return self.kind if self.kind in NEVER_RUN else f"{self.kind}, {self.ran}"

    def fits(self, call: Call) -> bool:
        """Return whether the fault can happen to this call."""
        if self.kind not in POSSIBLE[call.operation]:
            return False
        # Lookups still find the runs of a stale DAG.
        return self.kind is not Kind.STALE or _is_trigger(call)

    def play(self, mwaa: FakeMwaa, call: Call) -> Response:
        """Return the response that the caller gets instead."""
        if self.kind is Kind.NONE:
            return call.action()
        if self.kind in API | {Kind.REFUSE}:
            return _api_fault(self.kind, mwaa, call)
        done = call.action() if self.ran is Ran.YES else None
        if self.ran is Ran.LATE:
            mwaa.late.append(call.action)
        if self.kind is Kind.HANG:
            mwaa.break_off(TimeoutError())
        if self.kind is Kind.CRASH:
            mwaa.break_off(CrashError())
        if self.kind is Kind.RESET:
            raise ConnectionResetError
        if self.kind is Kind.TRUNCATED:
            return Truncated(body=done.body) if done else Truncated()
        if self.kind in REDIRECTS:
            away = self.kind is Kind.REDIRECT_AWAY
            host = mwaa.hostname.replace("localhost", OTHER_HOST if away else "localhost")
            return redirect(host, LOOP if self.kind is Kind.REDIRECT_LOOP else call.request.path)
        broken = _broken_cli if call.operation is Operation.COMMAND else _broken_rest
        return broken(self.kind, call.request, done)


def _is_trigger(call: Call) -> bool:
    if call.operation is Operation.COMMAND:
        return call.request.body.startswith(b"dags trigger ")
    request = json.loads(call.request.body)
    return bool(request["Method"] == "POST" and request["Path"].endswith("/dagRuns"))


def faults(kinds: Iterable[Kind]) -> list[Fault]:
    """Return all faults of these kinds."""
    return [
        Fault(kind, ran)
        for kind in sorted(kinds)
        for ran in ([Ran.NO] if kind in NEVER_RUN else Ran)
    ]


def _api_fault(kind: Kind, mwaa: FakeMwaa, call: Call) -> Response:
    """Return the response to a call of the MWAA API."""
    match kind:
        case Kind.THROTTLED:
            return failure(HTTPStatus.TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded")
        case Kind.API_DOWN:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return failure(status, "InternalServerException", "Internal error")
        case Kind.REFUSE:
            body = json.loads(call.action().body)
            return success({**body, "WebServerHostname": mwaa.closed_address})
        case _ if call.operation is Operation.GET_ENVIRONMENT:
            body = json.loads(call.action().body)
            return success({"Environment": {**body["Environment"], "Status": "UPDATING"}})
        case _:
            return failure(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", "Not found")


def _broken_cli(kind: Kind, request: Request, done: Response | None) -> Response:
    """Return the faulty response of the CLI endpoint instead of `done`."""
    if kind in STATUSES:
        return Response(STATUSES[kind], b"<html>")
    if kind is Kind.HTML:
        return Response(HTTPStatus.OK, b"<html><title>Sign in</title></html>")
    if kind is Kind.WRONG_BASE64:
        return Response(HTTPStatus.OK, b'{"stdout": "%", "stderr": ""}')
    status = HTTPStatus(done.status) if done else HTTPStatus.OK
    texts = json.loads(done.body) if done else {"stdout": "", "stderr": ""}
    stdout, stderr = (base64.b64decode(texts[name]) for name in ("stdout", "stderr"))
    argv = shlex.split(request.body.decode())
    return envelope(status, *_noisy(kind, argv, stdout, stderr))


def _broken_rest(kind: Kind, request: Request, _done: Response | None) -> Response:
    """Return the faulty response of InvokeRestApi."""
    dag_id = json.loads(request.body)["Path"].split("/")[2]
    other = {"dag_id": dag_id, "dag_run_id": "another", "state": "queued", "conf": {}}
    bodies = {Kind.HTML: "<html>Sign in</html>", Kind.EMPTY_STDOUT: None, Kind.OTHER_RUN: other}
    if kind in bodies:
        return success({"RestApiStatusCode": 200, "RestApiResponse": bodies[kind]})
    if kind is Kind.WRONG_BASE64:
        return Response(HTTPStatus.OK, b'{"RestApiStatusCode": 2')
    if kind is Kind.STALE:
        return rest_failure(404, {"detail": f"DAG with dag_id: '{dag_id}' not found"})
    if kind is Kind.DATABASE_ERROR:
        return rest_failure(500, {"detail": {"reason": "OperationalError"}})
    if kind is Kind.DATE_TAKEN:
        detail = f"DAGRun with DAG ID: '{dag_id}' and DAGRun logical date: 'now' already exists"
        return rest_failure(409, {"title": "Conflict", "status": 409, "detail": detail})
    return rest_failure(STATUSES[kind], {"title": STATUSES[kind].phrase})


def _noisy(kind: Kind, argv: list[str], stdout: bytes, stderr: bytes) -> tuple[bytes, bytes]:
    """Return stdout and stderr of a command together with unrelated output."""
    options = dict(zip(argv, [*argv[1:], ""], strict=True))
    dag_id = options.get("-d") or options.get(argv[1], "")
    row = {"dag_id": dag_id, "dag_run_id": "another", "state": "queued"}
    *before, last = stdout.rstrip(b"\n").split(b"\n")
    log = b"[2026-11-23T16:10:38.815+0000] {plugin.py:43} INFO - [1] done: {}\n"
    lists = b'[1, 2]\n["a"]\n[{"a": 1}]\n[[{"dag_id": "x"}]]\n'
    warning = (
        b"plugin.py:3 RemovedInAirflow4Warning: error: this already exists elsewhere\n"
        b"Exception ignored in atexit callback: <function report>\n"
        b"Traceback (most recent call last):\n  File x\nConnectionError: metrics\n"
    )
    printed = {
        Kind.LOG_LINES: log + stdout + log,
        Kind.PRINTED_LISTS: lists + stdout + lists,
        Kind.EMPTY_LIST: stdout + b"[]\n",
        Kind.UNTERMINATED: b"\n".join([*before, b"plugin loaded" + last]),
        Kind.COLOUR: b"\n".join([*before, b"\x1b[1;31m" + last + b"\x1b[0m"]),
        Kind.OTHER_RUN: stdout + json.dumps([row]).encode() + b"\n",
        Kind.WARNINGS: stdout,
    }
    if kind in printed:
        return printed[kind], warning + stderr + warning if kind is Kind.WARNINGS else stderr
    if kind is Kind.EMPTY_STDOUT:
        return b"", b""
    error = "sqlalchemy.exc.OperationalError: server closed the connection unexpectedly"
    if kind is Kind.DATE_TAKEN:
        about = f"{dag_id} with run id {options.get('--run-id', 'none')}"
        error = f"airflow.exceptions.DagRunAlreadyExists: A DAG Run already exists for DAG {about}"
    if kind is Kind.STALE:
        error = f"airflow.exceptions.DagNotFound: Dag id {dag_id} not found"
    return b"", f"Traceback (most recent call last):\n  File x\n{error}\n".encode()
