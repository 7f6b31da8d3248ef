"""HTTP requests to the CLI endpoint, over real TLS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    MwaaBusy,
    Outcome,
    OutcomeUnknown,
)
from mwaa_dags_trigger.transports import cli_endpoint as endpoint_module

from sandbox.mwaa.http import Response
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, after, command, error
from tests.support.fake_mwaa.server import OTHER_HOST, FakeMwaa, Operation
from tests.support.handler import Send
from tests.support.transports.cli_adapter import CREATED


def redirected(status: int, location: str, body: bytes = b"") -> ScriptedResponse:
    return command(Response(status, body, {"Location": location}))


def test_one_trigger_is_one_post(no_redirect: None, mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(CREATED)
    run = send()
    assert (run.state, run.airflow_version) == ("queued", "2.11.2")
    assert mwaa.operations == [
        Operation.GET_ENVIRONMENT,
        Operation.CREATE_CLI_TOKEN,
        Operation.COMMAND,
    ]
    (post,) = mwaa.posts
    assert (post.method, post.path) == ("POST", "/aws_mwaa/cli")
    assert post.headers["Authorization"] == f"Bearer {mwaa.tokens[-1]}"
    assert post.headers["Content-Type"] == "text/plain"
    assert mwaa.command_words[0][:3] == ["dags", "trigger", "demo"]


def test_a_hundred_triggers_take_one_token_and_one_connection(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(*[CREATED] * 100)
    for _ in range(100):
        send()
    assert mwaa.operations == [
        Operation.GET_ENVIRONMENT,
        Operation.CREATE_CLI_TOKEN,
        *[Operation.COMMAND] * 100,
    ]
    assert len({post.client for post in mwaa.posts}) == 1


def test_a_connection_that_was_idle_is_not_used_again(
    mwaa: FakeMwaa, clock: Clock, send: Send
) -> None:
    mwaa.begin(*[CREATED] * 3)
    send()
    clock.now += 30
    send()
    clock.now += 30.1
    send()
    first, second, third = (post.client for post in mwaa.posts)
    assert first == second != third


def test_a_login_in_a_netrc_file_does_not_replace_the_token(
    mwaa: FakeMwaa,
    send: Send,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))
    mwaa.begin(CREATED)
    send()
    assert mwaa.posts[0].headers["Authorization"].startswith("Bearer ")


def test_no_cookie_is_kept(mwaa: FakeMwaa, send: Send) -> None:
    body = b'{"stdout": "", "stderr": ""}'
    mwaa.begin(*[command(Response(200, body, {"Set-Cookie": "session=1; Path=/"}))] * 2)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            send()
    assert len(mwaa.posts) == 2
    assert not [post for post in mwaa.posts if "Cookie" in post.headers]


# Redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("absolute", [False, True], ids=["path", "URL"])
def test_one_redirect_on_the_same_host_is_followed_as_it_was_sent(
    status: int, absolute: bool, no_redirect: None, mwaa: FakeMwaa, send: Send
) -> None:
    base = f"https://{mwaa.hostname}" if absolute else ""
    mwaa.begin(redirected(status, f"{base}/elsewhere"), CREATED)
    assert send().state == "queued"
    first, second = mwaa.posts
    assert (first.path, second.path) == ("/aws_mwaa/cli", "/elsewhere")
    assert (first.method, first.body) == (second.method, second.body)
    assert first.headers == second.headers


def test_the_redirect_of_airflow_3_is_followed(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(CREATED)
    assert send().state == "queued"
    assert [post.path for post in mwaa.posts] == ["/aws_mwaa/cli/"]


def test_a_second_redirect_is_not_followed(no_redirect: None, mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(*[redirected(307, "/again")] * 2)
    with pytest.raises(OutcomeUnknown, match="HTTP 307"):
        send()
    assert len(mwaa.posts) == 2


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_become_a_get_is_not_followed(
    status: int, no_redirect: None, mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(redirected(status, "/elsewhere"))
    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}"):
        send()
    assert len(mwaa.posts) == 1


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(
            lambda mwaa: f"https://{mwaa.hostname.replace('localhost', OTHER_HOST)}", id="host"
        ),
        pytest.param(lambda mwaa: f"https://{mwaa.closed_address}", id="port"),
        pytest.param(
            lambda mwaa: f"http://{mwaa.hostname}".replace("localhost", OTHER_HOST), id="both"
        ),
    ],
)
def test_the_token_is_never_sent_to_another_origin(
    origin: Callable[[FakeMwaa], str], no_redirect: None, mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(redirected(307, f"{origin(mwaa)}/elsewhere"))
    strays = mwaa.redirected_requests
    with pytest.raises(OutcomeUnknown, match="HTTP 307"):
        send()
    assert mwaa.redirected_requests == strays
    assert len(mwaa.posts) == 1


@pytest.mark.parametrize("port", ["own", ":80", ""])
def test_a_redirect_to_plain_http_on_the_same_host_is_followed_over_https(
    port: str, no_redirect: None, mwaa: FakeMwaa, send: Send
) -> None:
    """A web server behind a load balancer does not know that the request came over HTTPS."""
    host = mwaa.hostname if port == "own" else f"localhost{port}"
    mwaa.begin(redirected(307, f"http://{host}/aws_mwaa/cli/?x=1"), CREATED)
    assert send().state == "queued"
    assert [post.path for post in mwaa.posts] == ["/aws_mwaa/cli", "/aws_mwaa/cli/?x=1"]


@pytest.mark.parametrize("location", ["", "https://[", "https://localhost:port/", "//x:99999/"])
def test_an_invalid_redirect_is_not_followed(
    location: str, no_redirect: None, mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(redirected(307, location))
    with pytest.raises(OutcomeUnknown):
        send()
    assert len(mwaa.posts) == 1


def test_the_body_of_a_redirect_has_a_limit_too(
    no_redirect: None, mwaa: FakeMwaa, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_module, "MAX_RESPONSE_BYTES", 100_000)
    mwaa.begin(redirected(302, "/", b"x" * 200_000))
    with pytest.raises(OutcomeUnknown, match="limit of 100000 bytes"):
        send()


# Tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_replaced_once(status: int, mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(command(Response(status, b'{"message": "Forbidden"}')), CREATED)
    assert send().state == "queued"
    sent = [post.headers["Authorization"] for post in mwaa.posts]
    assert sent == [f"Bearer {token}" for token in mwaa.tokens[-2:]]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_new_token_is_access_denied(status: int, mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(*[command(Response(status))] * 2)
    with pytest.raises(AccessDenied, match="etl refused a new CLI token"):
        send()
    assert len(mwaa.posts) == 2


def test_a_refused_token_that_cannot_be_replaced_leaves_the_outcome_unknown(
    mwaa: FakeMwaa, send: Send
) -> None:
    def throttle() -> None:
        mwaa.add(error(Operation.CREATE_CLI_TOKEN, 429, "ThrottlingException"))

    mwaa.begin(after(throttle, command(Response(403))))
    with pytest.raises(OutcomeUnknown) as caught:
        send()
    assert caught.value.outcome is Outcome.LOST


def test_a_web_server_that_is_busy_after_a_refused_token_is_reported_as_busy(
    mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(command(Response(403)), command(Response(503)))
    with pytest.raises(MwaaBusy) as caught:
        send()
    assert caught.value.outcome is Outcome.LOST


def test_nothing_is_called_after_a_run_was_created(mwaa: FakeMwaa, send: Send) -> None:
    """A failure of that call would hide the run."""
    mwaa.begin(command(Response(403)), CREATED)
    send()
    assert mwaa.operations == [
        Operation.GET_ENVIRONMENT,
        *[Operation.CREATE_CLI_TOKEN, Operation.COMMAND] * 2,
    ]
