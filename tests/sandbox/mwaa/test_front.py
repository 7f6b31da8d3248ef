"""The front accepts and rejects requests like the web server of MWAA, over TLS and with a stub of Airflow."""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.front import MAX_CONCURRENT_COMMANDS, TOKEN_LIFE, MwaaFront
from sandbox.mwaa.http import Request, Response
from tests.support.clock import Clock
from tests.support.fake_mwaa.server import CLIENT_TIMEOUT_SECONDS

TRIGGER = "dags trigger onboarding"


class StubAirflow:
    """Responds to each command with `response`, and records the commands."""

    def __init__(self, version: str = "2.11.2") -> None:
        self.version = version
        self.response: Callable[[list[str], float], CliResult] = lambda *_: CliResult(
            0, b"out", b"err"
        )
        self.calls: list[list[str]] = []

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        self.calls.append(argv)
        return self.response(argv, timeout)

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        raise NotImplementedError


class Client:
    """A minimal client of the CLI endpoint."""

    def __init__(self, front: MwaaFront) -> None:
        self.front = front
        self.token = front.create_cli_token("sandbox")

    def post(
        self, body: str | bytes, path: str = "/aws_mwaa/cli", **options: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "text/plain"}
        return requests.post(
            f"https://{self.front.hostname}{path}",
            data=body,
            timeout=CLIENT_TIMEOUT_SECONDS,
            **{"headers": headers, "verify": str(self.front.ca_file)} | options,
        )


@pytest.fixture
def airflow() -> StubAirflow:
    return StubAirflow()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def front(airflow: StubAirflow, clock: Clock, tmp_path: Path) -> Iterator[MwaaFront]:
    with MwaaFront({"sandbox": airflow}, tmp_path, clock=clock) as front:
        yield front


@pytest.fixture
def client(front: MwaaFront) -> Client:
    return Client(front)


def decoded(response: requests.Response) -> dict[str, bytes]:
    return {name: base64.b64decode(content) for name, content in response.json().items()}


def test_the_output_of_a_command_is_returned_in_base64(
    client: Client, airflow: StubAirflow
) -> None:
    airflow.response = lambda *_: CliResult(0, "grün".encode(), b"\xff\n")
    response = client.post(TRIGGER)
    assert response.status_code == 200
    assert decoded(response) == {"stdout": "grün".encode(), "stderr": b"\xff\n"}


def test_a_failed_command_has_status_400_and_the_same_body(
    client: Client, airflow: StubAirflow
) -> None:
    airflow.response = lambda *_: CliResult(1, b"log", b"DagNotFound")
    response = client.post(TRIGGER)
    assert response.status_code == 400
    assert decoded(response) == {"stdout": b"log", "stderr": b"DagNotFound"}


@pytest.mark.parametrize(
    ("body", "argv"),
    [
        pytest.param(TRIGGER, ["dags", "trigger", "onboarding"], id="plain"),
        pytest.param(
            """dags trigger x --conf '{"a": "it\\u0027s \\\\ fine"}'""",
            ["dags", "trigger", "x", "--conf", '{"a": "it\\u0027s \\\\ fine"}'],
            id="single-quotes-keep-backslashes",
        ),
        pytest.param('dags trigger "a b"', ["dags", "trigger", "a b"], id="double-quotes"),
        pytest.param("dags trigger 'ä😀'", ["dags", "trigger", "ä😀"], id="utf-8"),
        pytest.param("dags trigger\n x", ["dags", "trigger", "x"], id="newline"),
    ],
)
def test_a_command_is_split_into_shell_words(
    body: str, argv: list[str], client: Client, airflow: StubAirflow
) -> None:
    client.post(body.encode())
    assert airflow.calls == [argv]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="empty"),
        pytest.param("dags trigger 'x", id="open-quote"),
        pytest.param(b"dags trigger \xff", id="not-utf-8"),
        pytest.param("airflow dags trigger x", id="leading-airflow"),
        pytest.param("db migrate", id="db"),
        pytest.param("scheduler", id="scheduler"),
        pytest.param("webserver", id="webserver"),
        pytest.param("users list", id="users"),
        pytest.param("-h", id="flag"),
    ],
)
def test_unsupported_commands_are_rejected(
    body: str | bytes, client: Client, airflow: StubAirflow
) -> None:
    response = client.post(body)
    assert response.status_code == 400
    assert decoded(response)["stderr"]
    assert airflow.calls == []


def test_db_clean_is_supported(client: Client, airflow: StubAirflow) -> None:
    assert client.post("db clean --yes").status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="none"),
        pytest.param({"Authorization": "Basic eDp5"}, 401, id="not-bearer"),
        pytest.param({"Authorization": "Bearer "}, 401, id="empty"),
        pytest.param({"Authorization": "Bearer nonsense"}, 403, id="unknown"),
    ],
)
def test_a_command_requires_a_valid_token(
    headers: dict[str, str], status: int, client: Client, airflow: StubAirflow
) -> None:
    assert client.post(TRIGGER, headers=headers).status_code == status
    assert airflow.calls == []


def test_a_token_is_valid_for_several_commands_within_60_seconds(
    client: Client, clock: Clock
) -> None:
    assert TOKEN_LIFE == 60
    assert client.post(TRIGGER).status_code == 200
    clock.now += 59.9
    assert client.post(TRIGGER).status_code == 200
    clock.now += 0.1
    assert client.post(TRIGGER).status_code == 403


def test_a_token_is_valid_only_for_its_own_environment(tmp_path: Path) -> None:
    one, other = StubAirflow(), StubAirflow()
    with MwaaFront({"sandbox": one, "other": other}, tmp_path) as front:
        Client(front).post(TRIGGER)
    assert (len(one.calls), len(other.calls)) == (1, 0)


def test_no_token_is_created_for_an_unknown_environment(front: MwaaFront) -> None:
    with pytest.raises(KeyError, match="elsewhere"):
        front.create_cli_token("elsewhere")


def test_airflow_3_redirects_to_the_path_with_a_trailing_slash(
    client: Client, airflow: StubAirflow
) -> None:
    airflow.version = "3.3.1"
    response = client.post(TRIGGER, allow_redirects=False)
    assert response.status_code == 307
    assert response.headers["Location"] == f"https://{client.front.hostname}/aws_mwaa/cli/"
    assert response.content == b""
    assert airflow.calls == []


def test_airflow_3_accepts_the_path_with_a_trailing_slash(
    client: Client, airflow: StubAirflow
) -> None:
    airflow.version = "3.3.1"
    assert client.post(TRIGGER).status_code == 200
    assert airflow.calls == [["dags", "trigger", "onboarding"]]


@pytest.mark.parametrize("path", ["/aws_mwaa/cli/", "/", "/aws_mwaa/login"])
def test_airflow_2_accepts_no_other_path(path: str, client: Client, airflow: StubAirflow) -> None:
    assert client.post(TRIGGER, path).status_code == 404
    assert airflow.calls == []


def test_a_fifth_concurrent_command_has_status_503(client: Client, airflow: StubAirflow) -> None:
    running = threading.Semaphore(0)
    may_end = threading.Event()

    def wait(*_: object) -> CliResult:
        running.release()
        assert may_end.wait(CLIENT_TIMEOUT_SECONDS)
        return CliResult(0, b"", b"")

    airflow.response = wait
    with ThreadPoolExecutor(MAX_CONCURRENT_COMMANDS) as pool:
        posts = [pool.submit(client.post, TRIGGER) for _ in range(4)]
        for _ in posts:
            assert running.acquire(timeout=CLIENT_TIMEOUT_SECONDS)
        fifth = client.post(TRIGGER)
        may_end.set()
        assert [post.result().status_code for post in posts] == [200] * 4
    assert fifth.status_code == 503
    assert len(airflow.calls) == 4
    assert client.post(TRIGGER).status_code == 200


def test_a_command_over_the_time_limit_has_status_504(tmp_path: Path) -> None:
    airflow = StubAirflow()
    limits = []

    def time_out(_: list[str], timeout: float) -> CliResult:
        limits.append(timeout)
        raise TimeoutError

    airflow.response = time_out
    with MwaaFront({"sandbox": airflow}, tmp_path, time_limit=7.0) as front:
        assert Client(front).post(TRIGGER).status_code == 504
        assert [command.exit_code for command in front.commands] == [None]
    assert limits == [7.0]


def test_commands_that_reached_airflow_are_recorded(client: Client, airflow: StubAirflow) -> None:
    airflow.response = lambda *_: CliResult(3, b"", b"")
    client.post(TRIGGER)
    client.post("db migrate")
    (command,) = client.front.commands
    assert (command.environment_name, command.argv, command.exit_code) == (
        "sandbox",
        ("dags", "trigger", "onboarding"),
        3,
    )


def test_a_rejected_request_keeps_the_connection_open(client: Client) -> None:
    context = ssl.create_default_context(cafile=str(client.front.ca_file))
    connection = http.client.HTTPSConnection(
        client.front.hostname, timeout=CLIENT_TIMEOUT_SECONDS, context=context
    )
    statuses, sockets = [], set()
    for token in ("nonsense", client.token):
        connection.request(
            "POST", "/aws_mwaa/cli", TRIGGER, headers={"Authorization": f"Bearer {token}"}
        )
        sockets.add(connection.sock)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [403, 200]
    assert len(sockets) == 1


def test_clients_must_trust_the_ca_of_the_front(client: Client) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        client.post(TRIGGER, verify=True)


def test_a_client_without_a_handshake_does_not_block_other_clients(client: Client) -> None:
    host, port = client.front.hostname.split(":")
    silent = http.client.HTTPConnection(host, int(port), timeout=CLIENT_TIMEOUT_SECONDS)
    silent.connect()
    assert client.post(TRIGGER).status_code == 200
    silent.close()


@pytest.mark.parametrize(
    "runs_first", [False, True], ids=["before-the-command", "after-the-command"]
)
def test_a_subclass_may_reset_the_connection(
    runs_first: bool, airflow: StubAirflow, tmp_path: Path
) -> None:
    class Resetting(MwaaFront):
        def respond(self, request: Request) -> Response:
            if runs_first:
                super().respond(request)
            raise ConnectionResetError

    with (
        Resetting({"sandbox": airflow}, tmp_path) as front,
        pytest.raises(requests.ConnectionError),
    ):
        Client(front).post(TRIGGER)
    assert len(airflow.calls) == runs_first
