"""A scripted MWAA: its API inside of botocore, and its CLI endpoint as a local HTTPS server."""

from __future__ import annotations

import base64
import contextlib
import importlib
import json
import logging
import os
import shlex
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.config
import botocore.session
import pytest
import trustme
from botocore.awsrequest import AWSRequest, AWSResponse
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import Environments, mwaa_client
from mwaa_dags_trigger.rest import RestTransport

TOKEN_MARK = "t0ken-s3cret"
CONF_MARK = "c0nf-s3cret"

AWS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}
OPERATIONS = {
    "environments": "GetEnvironment",
    "clitoken": "CreateCliToken",
    "restapi": "InvokeRestApi",
}

EVENT = {"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}

Step = Callable[[BaseHTTPRequestHandler], None]
RestStep = Callable[[dict[str, Any]], AWSResponse]


class Raw:
    """A body as botocore's HTTP session gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


class Api:
    """The MWAA API of one environment, `etl`: what it answers, and what it was asked."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.before: Callable[[], None] = lambda: None
        self.environments: dict[str, dict[str, str]] = {
            "etl": {"Status": "AVAILABLE", "AirflowVersion": "3.3.1"}
        }
        self.hostname = ""
        self.tokens = 0
        self.calls: list[str] = []
        self.failures: deque[tuple[str, int, str]] = deque()
        self.rest = Rest(self._response)

    def fail(self, operation: str, status: int, code: str) -> None:
        """Let the next call of this operation fail."""
        self.failures.append((operation, status, code))

    def answer(self, request: AWSRequest, **_: Any) -> AWSResponse:
        """Answer in place of the network (botocore's event `before-send`)."""
        self.before()
        operation = OPERATIONS[request.url.split("/")[3]]
        name = request.url.rpartition("/")[2]
        self.calls.append(operation)
        if self.failures and self.failures[0][0] == operation:
            _, status, code = self.failures.popleft()
            return self._response(status, {"message": "no"}, code)
        if name not in self.environments:
            return self._response(404, {"message": "no"}, "ResourceNotFoundException")
        if operation == "InvokeRestApi":
            return self.rest.play(request)
        return self._response(200, self.answer_body(operation, name))

    def answer_body(self, operation: str, name: str) -> object:
        if operation == "GetEnvironment":
            return {"Environment": {"Name": name, **self.environments[name]}}
        self.tokens += 1
        return {"CliToken": f"{TOKEN_MARK}-{self.tokens}", "WebServerHostname": self.hostname}

    @staticmethod
    def _response(status: int, body: object, code: str = "") -> AWSResponse:
        headers = {"x-amzn-errortype": code} if code else {}
        return AWSResponse("https://aws", status, headers, Raw(json.dumps(body).encode()))


class Rest:
    """InvokeRestApi: it plays one step of the script for each call, and keeps the calls."""

    def __init__(self, response: Callable[..., AWSResponse]) -> None:
        self.script: deque[RestStep] = deque()
        self.calls: list[dict[str, Any]] = []
        self._response = response

    def play(self, request: AWSRequest) -> AWSResponse:
        self.calls.append(json.loads(request.body))
        assert self.script, f"a call too many: {self.paths}"
        return self.script.popleft()(self.calls[-1])

    @property
    def paths(self) -> list[str]:
        """Method and path of the calls in the order they came."""
        return [f"{call['Method']} {call['Path']}" for call in self.calls]

    # Steps ---------------------------------------------------------------------------------------

    def says(self, status: int, body: object) -> RestStep:
        """Pass on an answer of the web server as MWAA does."""
        answer = {"RestApiStatusCode": status, "RestApiResponse": body}
        if status < 400:
            return lambda _: self._response(200, answer)
        side = "Client" if status < 500 else "Server"
        return lambda _: self._response(400, answer, f"RestApi{side}Exception")

    def refuses(self, status: int, code: str, message: str = "no") -> RestStep:
        """Answer an error of AWS's own."""
        return lambda _: self._response(status, {"message": message}, code)

    @staticmethod
    def breaks(error: Exception) -> RestStep:
        """Fail as botocore does without an answer."""

        def step(_: dict[str, Any]) -> AWSResponse:
            raise error

        return step


class Cli:
    """The CLI endpoint: it plays one step of the script for each request, and keeps the requests."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.script: deque[Step] = deque()
        self.posts: list[dict[str, Any]] = []
        self.connections = 0
        self.released = threading.Event()
        cli = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def setup(self) -> None:
                super().setup()
                cli.connections += 1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                cli.posts.append({"path": self.path, "headers": self.headers, "body": body})
                cli.script.popleft()(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass  # a client that hangs up is part of the tests

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.hostname = f"localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def commands(self) -> list[list[str]]:
        """The commands in the order they came, in words."""
        return [shlex.split(post["body"].decode("ascii")) for post in self.posts]

    # Steps ---------------------------------------------------------------------------------------

    @staticmethod
    def raw(status: int, body: bytes, **headers: str) -> Step:
        def step(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        return step

    @classmethod
    def says(cls, stdout: str, stderr: str = "", status: int = 200) -> Step:
        texts = {"stdout": stdout, "stderr": stderr}
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        return cls.raw(status, json.dumps(encoded).encode())

    @staticmethod
    def reset(handler: BaseHTTPRequestHandler) -> None:
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(handler.connection.detach())
        handler.close_connection = True

    @staticmethod
    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    def hang(self, handler: BaseHTTPRequestHandler) -> None:
        self.released.wait(30)
        handler.close_connection = True

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not self.released.wait(0.02):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        handler.close_connection = True

    def flood(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()
        handler.wfile.write(b"x" * 200_000)
        handler.wfile.flush()
        self.hang(handler)

    @staticmethod
    def truncated(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"stdout": "')
        handler.close_connection = True


class Time:
    """A clock that only `sleep` moves; the invocation ends at 300 s."""

    def __init__(self) -> None:
        self.now = 0.0
        self.end = 300.0
        self.pauses: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class Transcripts:
    """What each Airflow version printed, or answered over REST, by case."""

    def __init__(self, directory: Path, prefix: str) -> None:
        self._cases = {
            path.stem.removeprefix(prefix): {
                case["case"]: case for case in json.loads(path.read_text())
            }
            for path in directory.glob(f"{prefix}*.json")
        }

    def __call__(self, version: str, case: str) -> dict[str, Any]:
        return self._cases[version][case]

    def created(self, version: str, run_id: str) -> tuple[str, str]:
        """Give stdout and stderr of `dags trigger -o json`, for this run id."""
        case = self(version, "okjson" if "okjson" in self._cases[version] else "ok")
        recorded = "x3" if case["case"] == "okjson" else "x1"
        return case["stdout"].replace(f'"{recorded}"', f'"{run_id}"'), case["stderr"]

    def listed(self, version: str, run_id: str) -> tuple[str, str]:
        """Give stdout and stderr of `dags list-runs -o json` where `x1` is called `run_id`."""
        case = self(version, "listruns")
        return case["stdout"].replace('"x1"', f'"{run_id}"'), case["stderr"]


@pytest.fixture(scope="session")
def transcripts() -> Transcripts:
    return Transcripts(Path(__file__).parent / "transcripts", "airflow-")


@pytest.fixture(scope="session")
def rest_transcripts() -> Transcripts:
    return Transcripts(Path(__file__).parent / "transcripts", "rest-")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads an AWS configuration of the machine's user."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let `requests` trust the CLI endpoint, as a private CA is trusted in production."""
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "localhost")
    return bundle


@pytest.fixture(scope="session")
def client() -> Any:
    config = botocore.config.Config(retries={"total_max_attempts": 1})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in AWS.items():
            patch.setenv(name, value)
        return botocore.session.get_session().create_client("mwaa", config=config)


@pytest.fixture
def api(client: Any) -> Iterator[Api]:
    api = Api(client)
    client.meta.events.register("before-send.mwaa", api.answer)
    yield api
    client.meta.events.unregister("before-send.mwaa", api.answer)


@pytest.fixture
def own_api() -> Api:
    """The same behind the client that the package itself makes."""
    api = Api(mwaa_client())
    api.client.meta.events.register("before-send.mwaa", api.answer)
    return api


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def new_cli(tls: ssl.SSLContext) -> Iterator[Callable[[], Cli]]:
    made: list[Cli] = []

    def make() -> Cli:
        made.append(Cli(tls))
        return made[-1]

    yield make
    for cli in made:
        cli.close()


@pytest.fixture
def cli(new_cli: Callable[[], Cli], api: Api, trusted: Path) -> Cli:
    cli = new_cli()
    api.hostname = cli.hostname
    return cli


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def deadline(time: Time) -> Deadline:
    return Deadline(time_left=lambda: time.end - time.now, sleep=time.sleep)


@pytest.fixture
def transport(api: Api, time: Time) -> Iterator[CliTransport]:
    transport = CliTransport(Environments(api.client, time.clock), time.clock)
    yield transport
    transport._session.close()


@pytest.fixture
def rest(api: Api) -> Rest:
    return api.rest


@pytest.fixture
def rest_transport(api: Api, time: Time) -> RestTransport:
    return RestTransport(Environments(api.client, time.clock))


@pytest.fixture
def app() -> ModuleType:
    """The handler's module; it makes its client as it is imported."""
    return importlib.import_module("mwaa_dags_trigger.app")


@pytest.fixture
def handle(
    app: ModuleType, transport: CliTransport, deadline: Deadline
) -> Callable[..., dict[str, Any]]:
    """Handle, over the CLI, an event that asks `etl` for a run of `demo`, and what is given."""
    return lambda **event: app.handle({**EVENT, **event}, transport, deadline)


@pytest.fixture
def handle_rest(
    app: ModuleType, rest_transport: RestTransport, deadline: Deadline
) -> Callable[..., dict[str, Any]]:
    """Handle the same over REST."""
    return lambda **event: app.handle({**EVENT, **event}, rest_transport, deadline)


@pytest.fixture(autouse=True)
def no_secret_in_any_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """After each test: no token and no value of conf in any log record, at any level."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in (r for phase in ("setup", "call") for r in caplog.get_records(phase)):
        text = record.getMessage() + str(record.__dict__)
        assert TOKEN_MARK not in text
        assert CONF_MARK not in text
