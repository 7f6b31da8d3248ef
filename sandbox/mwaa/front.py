"""The HTTPS front of MWAA environments: `/aws_mwaa/cli`, as far as Amazon documents it, and MWAA's API.

Where Amazon documents nothing (the status of an expired token, of a command that failed), the front
answers what clients report: 403, and 400 with the same JSON envelope.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import secrets
import shlex
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol, Self

import trustme

from sandbox.mwaa.api import MwaaApi, RestEnvironment
from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.http import Request, Response
from sandbox.mwaa.releases import family

CLI_PATHS = {"/aws_mwaa/cli", "/aws_mwaa/cli/"}

TOKEN_LIFE = 60.0
"""Seconds (Amazon MWAA User Guide, "Creating an Apache Airflow CLI token")."""

MAX_CONCURRENT_COMMANDS = 4
"""Commands at once before the web server answers 503 (apache/airflow#32020)."""

MAX_BODY = 8 * 1024 * 1024
"""Bytes of a command; Amazon documents no limit, and a caller's error should not fill the memory."""

SUPPORTED = frozenset(
    {
        *{"assets", "backfill", "cheat-sheet", "connections", "dags", "pools", "providers"},
        *{"roles", "tasks", "variables", "version"},
    }
)
"""First words of the commands that a client may run (Amazon MWAA User Guide, "Apache Airflow CLI
command reference"); of `db` only `db clean`. What runs for ever, asks questions or manages the
installation (`scheduler`, `webserver`, `db migrate`, `users`, ...) is not among them."""


class Environment(RestEnvironment, Protocol):
    """An Airflow behind the front."""

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command; TimeoutError after `timeout` seconds."""


@dataclass(frozen=True)
class CliCommand:
    """A command that reached an environment.

    `started` is seconds since the epoch; `exit_code` is None for one that ran into the time limit.
    """

    environment_name: str
    argv: tuple[str, ...]
    started: float
    exit_code: int | None


@dataclass(frozen=True)
class Token:
    """What a CLI token stands for, until when on the front's clock."""

    environment_name: str
    expires: float


class MwaaFront:
    """Context manager: one HTTPS server on the loopback interface for any number of MWAA environments.

    `perform` is where a test puts faults: a subclass sees each request that MWAA would act on, may do
    what it asks for or not, and may answer something else or raise ConnectionError, which closes the
    connection without an answer.

    Parameters
    ----------
    environments
        Airflows by the name of their MWAA environment.
    directory
        An existing directory for the CA certificate.
    time_limit
        Seconds after which a command is answered with 504.
    clock
        Seconds, for the life of the tokens.
    """

    def __init__(
        self,
        environments: Mapping[str, Environment],
        directory: Path,
        *,
        time_limit: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ca_file = directory / "mwaa-ca.pem"
        self.commands: list[CliCommand] = []
        self._environments = environments
        self._time_limit = time_limit
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._api = MwaaApi(
            environments, create_cli_token=self.create_cli_token, hostname=lambda: self.hostname
        )
        self._slots = {
            name: threading.BoundedSemaphore(MAX_CONCURRENT_COMMANDS) for name in environments
        }
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self._server = TlsServer(self, context)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(0.05,),  # seconds between two checks for `shutdown`
            name="mwaa-front",
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closes all connections too.
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def hostname(self) -> str:
        """What CreateCliToken gives as `WebServerHostname`: host and port."""
        return f"localhost:{self._server.server_address[1]}"

    @property
    def tokens(self) -> list[str]:
        """Every token that was created, for those who search logs for them."""
        return list(self._tokens)

    def create_cli_token(self, environment_name: str) -> str:
        """Return a token that runs commands in this environment for 60 s."""
        if environment_name not in self._environments:
            raise KeyError(environment_name)
        token = secrets.token_urlsafe(48)
        self._tokens[token] = Token(environment_name, self._clock() + TOKEN_LIFE)
        return token

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.path not in CLI_PATHS:
            return self.perform(request, partial(self._api.answer, request))
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED)
        return self._cli(request)

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Do what a request asks for that is not turned away: `action`, which returns the answer."""
        del request
        return action()

    def _cli(self, request: Request) -> Response:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not secret:
            return Response(HTTPStatus.UNAUTHORIZED)
        token = self._tokens.get(secret)
        if token is None or token.expires <= self._clock():
            return Response(HTTPStatus.FORBIDDEN)
        environment = self._environments[token.environment_name]
        path = family(environment.version).cli_path
        if request.path != path:
            if not path.endswith("/"):
                return Response(HTTPStatus.NOT_FOUND)
            location = f"https://{request.headers.get('Host', '')}{path}"
            return Response(HTTPStatus.TEMPORARY_REDIRECT, headers={"Location": location})
        run = partial(self._run, token.environment_name, environment, request.body)
        return self.perform(request, run)

    def _run(self, name: str, environment: Environment, body: bytes) -> Response:
        """Run the command that `body` is, unless too many run already."""
        slot = self._slots[name]
        if not slot.acquire(blocking=False):
            return Response(HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            return self._run_in_slot(name, environment, body)
        finally:
            slot.release()

    def _run_in_slot(self, name: str, environment: Environment, body: bytes) -> Response:
        try:
            argv = shlex.split(body.decode())
        except ValueError as error:
            return envelope(HTTPStatus.BAD_REQUEST, b"", f"{error}\n".encode())
        if not is_supported(argv):
            refusal = f"Not supported on Amazon MWAA: airflow {' '.join(argv[:1])}\n"
            return envelope(HTTPStatus.BAD_REQUEST, b"", refusal.encode())
        started = time.time()
        try:
            result = environment.cli(argv, timeout=self._time_limit)
        except TimeoutError:
            self.commands.append(CliCommand(name, tuple(argv), started, None))
            return Response(HTTPStatus.GATEWAY_TIMEOUT)
        self.commands.append(CliCommand(name, tuple(argv), started, result.exit_code))
        status = HTTPStatus.BAD_REQUEST if result.exit_code else HTTPStatus.OK
        return envelope(status, result.stdout, result.stderr)


def is_supported(argv: list[str]) -> bool:
    """Tell whether Amazon MWAA lets its clients run this command."""
    return argv[:2] == ["db", "clean"] or (bool(argv) and argv[0] in SUPPORTED)


def envelope(status: HTTPStatus, stdout: bytes, stderr: bytes) -> Response:
    """Return the JSON in which MWAA hands on what a command printed; there is no exit code in it."""
    streams = {"stdout": stdout, "stderr": stderr}
    body = {name: base64.b64encode(content).decode() for name, content in streams.items()}
    return Response(status, json.dumps(body).encode())


class TlsServer(http.server.ThreadingHTTPServer):
    """A threading HTTPS server that closes its connections when it is closed."""

    def __init__(self, front: MwaaFront, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.front = front
        self._connections: set[socket.socket] = set()
        # The handshake is left to the first read, in the connection's own thread: a client that does
        # not shake hands must not keep others from being accepted.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up, or does not trust the CA, is the client's business."""

    def server_close(self) -> None:
        """Close the connections too; keep-alive would leave their threads waiting."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    """Read a request, have the front answer it, write the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each new connection costs 40 ms
    server_version = "mwaa-front"
    timeout = 120  # seconds that an idle connection is kept
    wbufsize = -1  # head and body in one segment
    server: TlsServer

    def do_GET(self) -> None:
        """Answer a request without a body."""
        self.do_POST()

    def do_POST(self) -> None:
        """Answer a request; the body is read whatever the answer is, or keep-alive would break."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            Response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE).send(self)
            return
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.title(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
            client=self.client_address[:2],
        )
        try:
            self.server.front.answer(request).send(self)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing; `MwaaFront.commands` is the record."""
