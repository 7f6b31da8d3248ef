"""An MWAA that fails by a script: the sandbox's own front, and what a test has it do wrong."""

from __future__ import annotations

import base64
import json
import shlex
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any

from sandbox.mwaa.api import OPERATION, failure, rest_failure, success
from sandbox.mwaa.front import CLI_PATHS, MwaaFront, envelope
from sandbox.mwaa.http import Request, Response

LOOP = "/aws_mwaa/loop"
AWAY = "127.0.0.1"
"""Another name of the front's address, which its certificate has too: who follows a redirect there gets
through, and is counted in `strays`."""


class Ran(StrEnum):
    """Whether the command of a faulty request runs: `LATE` is after the next command."""

    NO = "not run"
    YES = "run"
    LATE = "run late"


class Kind(StrEnum):
    """What the caller gets in place of the answer; with NONE the answer, so that a later request is hit."""

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


STATUSES = {kind: HTTPStatus(int(kind)) for kind in Kind if len(kind) == 3 and kind.isdecimal()}
REDIRECTS = {Kind.REDIRECT, Kind.REDIRECT_AWAY, Kind.REDIRECT_LOOP}
API = {Kind.THROTTLED, Kind.API_DOWN, Kind.NOT_READY}
"""Faults of MWAA's API itself: they hit GetEnvironment and CreateCliToken, and but for NOT_READY
InvokeRestApi."""

CLI = set(Kind) - {Kind.NONE, Kind.SERVER_ERROR}
REST = (set(STATUSES) | API) - REDIRECTS | {
    *{Kind.RESET, Kind.HANG, Kind.REDIRECT, Kind.TRUNCATED, Kind.WRONG_BASE64, Kind.HTML},
    *{Kind.OTHER_RUN, Kind.EMPTY_STDOUT, Kind.DATABASE_ERROR, Kind.DATE_TAKEN},
}
"""Which kinds there are over each way. REST has no stdout: its likes are a body that does not hold the
run, or that is not JSON."""

NEVER_RUN = API | REDIRECTS | {Kind.NONE, Kind.REFUSE, Kind.DATE_TAKEN}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    ran: Ran = Ran.NO

    def __str__(self) -> str:
        return self.kind if self.kind in NEVER_RUN else f"{self.kind}, {self.ran}"


def faults(kinds: Iterable[Kind]) -> list[Fault]:
    """Return every fault of these kinds."""
    return [
        Fault(kind, ran)
        for kind in sorted(kinds)
        for ran in ([Ran.NO] if kind in NEVER_RUN else Ran)
    ]


class FaultyFront(MwaaFront):
    """The front, with a script of faults: each request takes the first that can happen to it.

    That is, of each kind: a fault of the API a call of the API; `REFUSE` a CreateCliToken, whose host
    name is then one where nothing listens; all others a request that would run a command.

    Attributes
    ----------
    injected
        How often each fault has happened.
    strays
        Requests that followed a redirect to another host.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.injected: Counter[Fault] = Counter()
        self.strays = 0
        self._script: deque[Fault] = deque()
        self._late: deque[Callable[[], Response]] = deque()
        self._taking = threading.Lock()
        self._released = threading.Event()
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # and does not listen

    def play(self, script: Iterable[Fault]) -> None:
        """Begin a script; what still hangs is let go."""
        self.settle()
        self._released.set()
        self._released = threading.Event()
        self._script = deque(script)

    def settle(self) -> None:
        """Run the commands that are late."""
        while self._late:
            self._late.popleft()()

    def stop(self) -> None:
        """Let go of what hangs, then stop."""
        self._released.set()
        super().stop()
        self._nobody.close()

    def answer(self, request: Request) -> Response:
        """Answer one request, faultily where the script has a fault for it."""
        if request.host.startswith(AWAY):
            self.strays += 1
        if request.path == LOOP:
            return self._redirect(request.host, LOOP)
        api = OPERATION.fullmatch(request.path)
        command = self._command(request)
        if command is None and (api is None or api["operation"] == "restapi"):
            return super().answer(request)
        fault = self._take(api["operation"] if api else "cli")
        late: deque[Callable[[], Response]] = deque()
        if command:
            late, self._late = self._late, late
        try:
            if fault is None or fault.kind is Kind.NONE:
                return super().answer(request)
            if command is None or fault.kind in API:
                return self._api_fault(fault.kind, request)
            done = super().answer(request) if fault.ran is Ran.YES else None
            if fault.ran is Ran.LATE:
                self._late.append(command)
        finally:
            for run in late:
                run()
        return self._broken(fault.kind, request, done, rest=api is not None)

    def _command(self, request: Request) -> Callable[[], Response] | None:
        """Return what runs the request's command; None where it has none, or would be refused."""
        match = OPERATION.fullmatch(request.path)
        if match:
            return partial(self._api.answer, request) if match["operation"] == "restapi" else None
        token = self._tokens.get(request.authorization.removeprefix("Bearer "))
        if request.path not in CLI_PATHS or token is None or token.expires <= self._clock():
            return None
        environment = self._environments[token.environment_name]
        if environment.version.startswith("2.") == request.path.endswith("/"):
            return None
        return partial(self._run, token.environment_name, environment, request.body)

    def _take(self, operation: str) -> Fault | None:
        """Take the first fault that can happen to a request of this operation."""
        possible = {
            "cli": CLI - API - {Kind.REFUSE} | {Kind.NONE},
            "clitoken": API | {Kind.REFUSE},
            "environments": API,
            "restapi": REST - {Kind.NOT_READY} | {Kind.NONE},
        }[operation]
        with self._taking:
            for fault in self._script:
                if fault.kind in possible:
                    self._script.remove(fault)
                    self.injected[fault] += 1
                    return fault
        return None

    def _api_fault(self, kind: Kind, request: Request) -> Response:
        match kind:
            case Kind.THROTTLED:
                return failure(HTTPStatus.TOO_MANY_REQUESTS, "ThrottlingException", "Rate exceeded")
            case Kind.API_DOWN:
                status = HTTPStatus.INTERNAL_SERVER_ERROR
                return failure(status, "InternalServerException", "Internal error")
            case Kind.REFUSE:
                answer = json.loads(super().answer(request).body)
                answer["WebServerHostname"] = f"localhost:{self._nobody.getsockname()[1]}"
                return success(answer)
            case _ if request.path.startswith("/environments"):
                answer = json.loads(super().answer(request).body)
                answer["Environment"]["Status"] = "UPDATING"
                return success(answer)
            case _:
                return failure(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", "Not found")

    def _broken(
        self, kind: Kind, request: Request, done: Response | None, *, rest: bool
    ) -> Response:
        """Return what the caller gets in place of `done`, the answer of the command if it ran."""
        if kind is Kind.HANG:
            self._released.wait()
        if kind in {Kind.HANG, Kind.RESET}:
            raise ConnectionResetError
        if kind is Kind.TRUNCATED:
            body = done.body if done else b'{"stdout": "'
            return Response(HTTPStatus.OK, body + b" ", cut=len(body) // 2)
        if kind in REDIRECTS:
            away = self.hostname.replace("localhost", AWAY)
            return self._redirect(
                away if kind is Kind.REDIRECT_AWAY else request.host,
                LOOP if kind is Kind.REDIRECT_LOOP else request.path,
            )
        return _broken_rest(kind, request) if rest else _broken_cli(kind, request, done)

    @staticmethod
    def _redirect(host: str, path: str) -> Response:
        return Response(
            HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": f"https://{host}{path}"}
        )


def _broken_cli(kind: Kind, request: Request, done: Response | None) -> Response:
    """Return what the CLI endpoint answers in place of `done`."""
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


def _broken_rest(kind: Kind, request: Request) -> Response:
    """Return what InvokeRestApi answers."""
    dag_id = json.loads(request.body)["Path"].split("/")[2]
    other = {"dag_id": dag_id, "dag_run_id": "another", "state": "queued", "conf": {}}
    answers = {Kind.HTML: "<html>Sign in</html>", Kind.EMPTY_STDOUT: None, Kind.OTHER_RUN: other}
    if kind in answers:
        return success({"RestApiStatusCode": 200, "RestApiResponse": answers[kind]})
    if kind is Kind.WRONG_BASE64:
        return Response(HTTPStatus.OK, b'{"RestApiStatusCode": 2')
    if kind is Kind.DATABASE_ERROR:
        return rest_failure(500, {"detail": {"reason": "OperationalError"}})
    if kind is Kind.DATE_TAKEN:
        detail = f"DAGRun with DAG ID: '{dag_id}' and DAGRun logical date: 'now' already exists"
        return rest_failure(409, {"title": "Conflict", "status": 409, "detail": detail})
    return rest_failure(STATUSES[kind], {"title": STATUSES[kind].phrase})


def _noisy(kind: Kind, argv: list[str], stdout: bytes, stderr: bytes) -> tuple[bytes, bytes]:
    """Return the two streams of a command with what else is printed there."""
    options = dict(zip(argv, [*argv[1:], ""], strict=True))
    dag_id = options.get("-d") or options.get(argv[1], "")
    row = {"dag_id": dag_id, "dag_run_id": "another", "state": "queued"}
    *before, last = stdout.rstrip(b"\n").split(b"\n")
    log = b"[2026-11-23T16:10:38.815+0000] {plugin.py:43} INFO - [1] done: {}\n"
    lists = b'[1, 2]\n["a"]\n[{"a": 1}]\n[[{"dag_id": "x"}]]\n'
    warning = b"plugin.py:3 RemovedInAirflow4Warning: error: this already exists elsewhere\n"
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
    return b"", f"Traceback (most recent call last):\n  File x\n{error}\n".encode()
