"""The HTTPS server of MWAA environments: MWAA's API, and the CLI endpoint `/aws_mwaa/cli`.

Amazon does not document the status for an expired token or a failed command. The server returns what clients report:
403, and 400 with the same JSON envelope.
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
"""Lifetime of a token in seconds (Amazon MWAA User Guide, "Creating an Apache Airflow CLI token")."""

MAX_CONCURRENT_COMMANDS = 4
"""Number of concurrent commands. The web server responds to another command with 503 (apache/airflow#32020)."""

MAX_BODY = 8 * 1024 * 1024
"""Limit of a command in bytes. Amazon documents no limit. This one protects the memory."""

SUPPORTED = frozenset(
    {
        *{"assets", "backfill", "cheat-sheet", "connections", "dags", "pools", "providers"},
        *{"roles", "tasks", "variables", "version"},
    }
)
"""First words of the supported commands (Amazon MWAA User Guide, "Apache Airflow CLI command reference").

In addition, MWAA supports `db clean`. Commands that run indefinitely, are interactive or manage the installation, such
as `scheduler`, `db migrate` or `users`, are not supported."""


class Environment(RestEnvironment, Protocol):
    """An Airflow behind the server."""

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command. Raises `TimeoutError` after `timeout` seconds."""


@dataclass(frozen=True)
class CliCommand:
    """A command that an environment has run.

    `started` is in seconds since the epoch. `exit_code` is None if the command exceeded the time limit.
    """

    environment_name: str
    argv: tuple[str, ...]
    started: float
    exit_code: int | None


@dataclass(frozen=True)
class Token:
    """The environment of a CLI token, and the time at which the token expires."""

    environment_name: str
    expires: float


class MwaaFront:
    """Context manager: an HTTPS server on the loopback interface for any number of MWAA environments.

    Tests inject faults by overriding `perform`. It gets each accepted request, and decides whether to execute it. It
    returns any response, or raises `ConnectionError` to close the connection without a response.

    Parameters
    ----------
    environments
        Airflows by the name of their MWAA environment.
    directory
        An existing directory for the CA certificate.
    time_limit
        Seconds after which the response to a command is 504.
    clock
        Clock in seconds, for the lifetime of tokens.
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
            args=(0.05,),  # interval in seconds of the checks for `shutdown`
            name="mwaa-front",
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closes all connections, too.
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def hostname(self) -> str:
        """Host and port, as in `WebServerHostname` of CreateCliToken."""
        return f"localhost:{self._server.server_address[1]}"

    @property
    def tokens(self) -> list[str]:
        """All created tokens, for tests that search logs for them."""
        return list(self._tokens)

    def create_cli_token(self, environment_name: str) -> str:
        """Return a token for commands in this environment. It is valid for 60 s."""
        if environment_name not in self._environments:
            raise KeyError(environment_name)
        token = secrets.token_urlsafe(48)
        self._tokens[token] = Token(environment_name, self._clock() + TOKEN_LIFE)
        return token

    def respond(self, request: Request) -> Response:
        """Return the response to one request."""
        if request.path not in CLI_PATHS:
            return self.perform(request, partial(self._api.respond, request))
        if request.method != "POST":
            return Response(HTTPStatus.METHOD_NOT_ALLOWED)
        return self._cli(request)

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Execute an accepted request by calling `action`, and return the response."""
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
        """Run the command in `body`, unless too many commands are running."""
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
            message = f"Not supported on Amazon MWAA: airflow {' '.join(argv[:1])}\n"
            return envelope(HTTPStatus.BAD_REQUEST, b"", message.encode())
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
    """Return whether Amazon MWAA supports this command."""
    return argv[:2] == ["db", "clean"] or (bool(argv) and argv[0] in SUPPORTED)


def envelope(status: HTTPStatus, stdout: bytes, stderr: bytes) -> Response:
    """Return MWAA's response with the output of a command. It does not contain the exit code."""
    streams = {"stdout": stdout, "stderr": stderr}
    body = {name: base64.b64encode(content).decode() for name, content in streams.items()}
    return Response(status, json.dumps(body).encode())


class TlsServer(http.server.ThreadingHTTPServer):
    """A threading HTTPS server that also closes its connections."""

    def __init__(self, front: MwaaFront, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.front = front
        self._connections: set[socket.socket] = set()
        # The handshake takes place with the first read, in the thread of the connection. A client that does not
        # complete it must not block other clients.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error. Clients may close connections or reject the CA."""

    def server_close(self) -> None:
        """Close the connections, too. With keep-alive their threads would wait for requests."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    """Passes requests to the server, and sends its responses."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # otherwise each new connection takes 40 ms
    server_version = "mwaa-front"
    timeout = 120  # seconds until an idle connection is closed
    wbufsize = -1  # headers and body in one segment
    server: TlsServer

    def do_GET(self) -> None:
        """Respond to a request without a body."""
        self.do_POST()

    def do_POST(self) -> None:
        """Respond to a request. Keep-alive requires that the body is always read."""
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
            self.server.front.respond(request).send(self)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing. `MwaaFront.commands` records the commands."""
