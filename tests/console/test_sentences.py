"""A problem that the user can solve is one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mwaa_dags import cli

from sandbox.aws.lambda_runtime import serve
from sandbox.mwaa.airflow import reserved_port
from tests.support.local_aws.commands import Commands, Result, environment_for

ARN = "arn:aws:states:eu-central-1:111111111111:stateMachine:NAME"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def assert_one_sentence(result: Result, *parts: str) -> None:
    assert result.exit_code == 1, result
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("mwaa-dags: ")
    for part in parts:
        assert part in result.stderr


def commands(endpoint: str, directory: Path, **environment: str) -> Commands:
    variables = environment_for(endpoint, directory / "profiles")
    return Commands({**variables, **KEYS, **environment}, directory)


@contextmanager
def refusing(error: str) -> Iterator[str]:
    """Serve an endpoint that refuses all requests with this error, and yield its URL."""

    class Refusal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = f"<ErrorResponse><Error><Code>{error}</Code></Error></ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    serve(server)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("ExpiredToken", "have expired: log in again"),
        ("InvalidClientTokenId", "does not know the credentials"),
        ("AccessDenied", "do not allow GetCallerIdentity"),
        ("KmsAccessDeniedException", "allow kms:Decrypt on `encryption.kms_key_arn`"),
    ],
)
def test_refused_credentials(tmp_path: Path, error: str, sentence: str) -> None:
    with refusing(error) as url:
        assert_one_sentence(commands(url, tmp_path)("status", "--state-machine", ARN), sentence)


def test_no_network(tmp_path: Path) -> None:
    with reserved_port() as closed:
        run = commands(f"http://127.0.0.1:{closed}", tmp_path)
        result = run("status", "--state-machine", ARN)

    assert_one_sentence(result, "AWS cannot be reached")


def test_no_credentials(tmp_path: Path) -> None:
    run = Commands(environment_for("http://127.0.0.1:1", tmp_path / "profiles"), tmp_path)

    assert_one_sentence(run("status", "--state-machine", ARN), "no AWS credentials")


def test_an_unknown_profile(tmp_path: Path) -> None:
    run = commands("http://127.0.0.1:1", tmp_path)

    result = run("status", "--state-machine", ARN, "--source-profile", "typo")

    assert_one_sentence(result, "typo", "aws configure list-profiles")


def test_an_arn_of_something_else(tmp_path: Path) -> None:
    run = commands("http://127.0.0.1:1", tmp_path)

    assert_one_sentence(run("status", "--state-machine", "NAME"), "give an ARN such as")


@pytest.mark.parametrize("outputs", [{}, {"other": {"value": "x", "type": "string"}}])
def test_a_workspace_that_was_never_applied(tmp_path: Path, outputs: dict[str, object]) -> None:
    state = {"version": 4, "serial": 1, "outputs": outputs, "resources": []}
    (tmp_path / "terraform.tfstate").write_text(json.dumps(state))

    result = commands("http://127.0.0.1:1", tmp_path)("status")

    assert_one_sentence(result, "The workspace default", "select a workspace that has been applied")


def test_a_time_that_is_no_time(tmp_path: Path) -> None:
    run = commands("http://127.0.0.1:1", tmp_path)

    assert_one_sentence(run("status", "--failed", "--since", "soon", "--state-machine", ARN), "24h")


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    run = commands("http://127.0.0.1:1", tmp_path)

    assert_one_sentence(run("timeline", "one", "-o", "x.html", "--state-machine", ARN), ".svg file")


def test_a_bug_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: str | None) -> None:
        raise KeyError("a-secret-value")

    monkeypatch.setattr(cli, "find_state_machine", break_down)

    result = commands("http://127.0.0.1:1", tmp_path)("status")

    assert_one_sentence(result, "This is a bug (KeyError in test_sentences.py, line ")
    assert "a-secret-value" not in result.stderr
