"""The exchange with the CLI endpoint, over real TLS."""

from __future__ import annotations

import time as real_time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from mwaa_dags_trigger import cli as cli_module
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import Environments
from mwaa_dags_trigger.errors import (
    AccessDenied,
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
)
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import DagRun, Unclear

REQUEST = Request(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="r1", conf={"k": "v"})


@pytest.fixture
def trigger(transport: CliTransport, deadline: Deadline) -> Callable[[], DagRun]:
    return lambda: transport.trigger(REQUEST, deadline)


@pytest.fixture
def created(cli: Any, transcripts: Any) -> Any:
    return cli.says(*transcripts.created("3.3.2", "r1"))


def test_one_trigger_is_one_post(
    cli: Any, api: Any, created: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.append(created)
    run = trigger()
    assert (run.state, run.airflow_version) == ("queued", "3.3.1")
    assert api.calls == ["GetEnvironment", "CreateCliToken"]
    (post,) = cli.posts
    assert post["path"] == "/aws_mwaa/cli"
    assert post["headers"]["Authorization"] == "Bearer t0ken-s3cret-1"
    assert post["headers"]["Content-Type"] == "text/plain"
    assert cli.commands[0][:3] == ["dags", "trigger", "demo"]


def test_a_hundred_triggers_take_one_token_and_one_connection(
    cli: Any, api: Any, created: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.extend([created] * 100)
    for _ in range(100):
        trigger()
    assert api.calls == ["GetEnvironment", "CreateCliToken"]
    assert len(cli.posts) == 100
    assert cli.connections == 1


def test_a_connection_that_was_idle_is_not_used_again(
    cli: Any, time: Any, created: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.extend([created] * 3)
    trigger()
    time.now += 30
    trigger()
    assert cli.connections == 1
    time.now += 30.1
    trigger()
    assert cli.connections == 2


def test_a_login_in_a_netrc_file_does_not_replace_the_token(
    cli: Any,
    created: Any,
    trigger: Callable[[], DagRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password pw\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cli.script.append(created)
    trigger()
    assert cli.posts[0]["headers"]["Authorization"].startswith("Bearer ")


def test_no_cookie_is_kept(cli: Any, trigger: Callable[[], DagRun], transcripts: Any) -> None:
    body = b'{"stdout": "", "stderr": ""}'
    cli.script.extend([cli.raw(200, body, **{"Set-Cookie": "session=1; Path=/"})] * 2)
    for _ in range(2):
        with pytest.raises(Unclear):
            trigger()
    assert [post["headers"]["Cookie"] for post in cli.posts] == [None, None]


# Redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [307, 308])
@pytest.mark.parametrize("absolute", [False, True], ids=["path", "URL"])
def test_one_redirect_on_the_same_host_is_followed_as_it_was_sent(
    status: int, absolute: bool, cli: Any, created: Any, trigger: Callable[[], DagRun]
) -> None:
    base = f"https://{cli.hostname}" if absolute else ""
    cli.script.extend([cli.raw(status, b"", Location=f"{base}/aws_mwaa/cli/"), created])
    assert trigger().state == "queued"
    first, second = cli.posts
    assert (first["path"], second["path"]) == ("/aws_mwaa/cli", "/aws_mwaa/cli/")
    assert first["body"] == second["body"]
    assert first["headers"].items() == second["headers"].items()


def test_a_second_redirect_is_not_followed(cli: Any, trigger: Callable[[], DagRun]) -> None:
    cli.script.extend([cli.raw(307, b"", Location="/again")] * 2)
    with pytest.raises(Unclear, match="HTTP 307"):
        trigger()
    assert len(cli.posts) == 2


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_become_a_get_is_not_followed(
    status: int, cli: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.append(cli.raw(status, b"", Location="/aws_mwaa/cli/"))
    with pytest.raises(Unclear, match=f"HTTP {status}"):
        trigger()
    assert len(cli.posts) == 1


def test_a_redirect_to_another_host_never_carries_the_token_there(
    cli: Any, new_cli: Callable[[], Any], created: Any, trigger: Callable[[], DagRun]
) -> None:
    other = new_cli()
    other.script.append(created)
    cli.script.append(cli.raw(307, b"", Location=f"https://{other.hostname}/aws_mwaa/cli"))
    with pytest.raises(Unclear, match="HTTP 307"):
        trigger()
    assert other.posts == []


def test_a_redirect_to_plain_http_is_not_followed(cli: Any, trigger: Callable[[], DagRun]) -> None:
    cli.script.append(cli.raw(307, b"", Location=f"http://{cli.hostname}/aws_mwaa/cli"))
    with pytest.raises(Unclear, match="HTTP 307"):
        trigger()


@pytest.mark.parametrize("location", ["", "https://[", "https://localhost:port/", "//x:99999/"])
def test_a_redirect_to_nowhere_is_not_followed(
    location: str, cli: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.append(cli.raw(307, b"", Location=location))
    with pytest.raises(Unclear):
        trigger()
    assert len(cli.posts) == 1


def test_the_body_of_a_redirect_has_a_limit_too(
    cli: Any, trigger: Callable[[], DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    cli.script.append(cli.raw(302, b"x" * 200_000, Location="/"))
    with pytest.raises(Unclear, match="over 100000 bytes"):
        trigger()


# Tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_replaced_once(
    status: int, cli: Any, api: Any, created: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.extend([cli.raw(status, b'{"message": "Forbidden"}'), created])
    assert trigger().state == "queued"
    assert api.tokens == 2
    sent = [post["headers"]["Authorization"] for post in cli.posts]
    assert sent == ["Bearer t0ken-s3cret-1", "Bearer t0ken-s3cret-2"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_fresh_token_that_is_refused_is_access_denied(
    status: int, cli: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.extend([cli.raw(status, b"")] * 2)
    with pytest.raises(AccessDenied, match=rf"etl refused a fresh CLI token \(HTTP {status}\)"):
        trigger()
    assert len(cli.posts) == 2


def test_no_fresh_token_after_a_refused_one_leaves_it_unclear(
    cli: Any, api: Any, trigger: Callable[[], DagRun]
) -> None:
    def refuse(handler: Any) -> None:
        api.fail("CreateCliToken", 429, "ThrottlingException")
        cli.raw(403, b"")(handler)

    cli.script.append(refuse)
    with pytest.raises(Unclear) as caught:
        trigger()
    assert isinstance(caught.value.if_absent, OutcomeUnknown)


# What cannot have started anything --------------------------------------------------------------


def test_a_refused_connection_started_nothing(cli: Any, trigger: Callable[[], DagRun]) -> None:
    cli.close()
    with pytest.raises(MwaaUnavailable, match="could not be reached") as caught:
        trigger()
    assert "This try started nothing" in str(caught.value)


def test_a_name_that_does_not_resolve_started_nothing(
    cli: Any, api: Any, trigger: Callable[[], DagRun]
) -> None:
    api.hostname = "web.invalid"
    with pytest.raises(MwaaUnavailable, match="could not be reached"):
        trigger()


def test_a_certificate_that_is_not_trusted_started_nothing(
    cli: Any,
    trigger: Callable[[], DagRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger))
    with pytest.raises(MwaaUnavailable, match="SSLError"):
        trigger()
    assert cli.posts == []


def test_without_time_for_a_command_and_a_look_none_is_sent(
    cli: Any, time: Any, trigger: Callable[[], DagRun]
) -> None:
    time.end = 44
    with pytest.raises(MwaaUnavailable, match="Raise the function's timeout"):
        trigger()
    assert cli.posts == []


# What leaves it unclear -------------------------------------------------------------------------

UNREADABLE = {
    "hung up": lambda cli: cli.hang_up,
    "reset": lambda cli: cli.reset,
    "body cut short": lambda cli: cli.truncated,
    "200 empty": lambda cli: cli.raw(200, b""),
    "200 HTML": lambda cli: cli.raw(200, b"<html>Login</html>"),
    "200 wrong base64": lambda cli: cli.raw(200, b'{"stdout": "%", "stderr": ""}'),
    "400 without envelope": lambda cli: cli.raw(400, b"{}"),
    "404": lambda cli: cli.raw(404, b"not found"),
    "500": lambda cli: cli.raw(500, b"oops"),
    "502": lambda cli: cli.raw(502, b"<html>"),
    "504": lambda cli: cli.raw(504, b""),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_an_exchange_without_readable_answer_is_unclear(
    fault: str, cli: Any, api: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.append(UNREADABLE[fault](cli))
    with pytest.raises(Unclear) as caught:
        trigger()
    assert isinstance(caught.value.if_absent, OutcomeUnknown)
    assert "MWAA environment etl" in caught.value.if_absent.problem


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_web_server_started_nothing_if_the_run_is_absent(
    status: int, cli: Any, trigger: Callable[[], DagRun]
) -> None:
    cli.script.append(cli.raw(status, b"busy"))
    with pytest.raises(Unclear, match="busy") as caught:
        trigger()
    assert isinstance(caught.value.if_absent, MwaaUnavailable)


@pytest.fixture
def hasty(api: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], DagRun]]:
    """A trigger that waits for 0.2 s, on the real clock."""
    monkeypatch.setattr(cli_module, "READ_S", 0.2)
    monkeypatch.setattr(cli_module, "LEAST_S", 0.1)
    transport = CliTransport(Environments(api.client))
    yield lambda: transport.trigger(REQUEST, Deadline(time_left=lambda: 300))
    transport._session.close()


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_an_answer_that_takes_too_long_is_unclear(
    fault: str, cli: Any, hasty: Callable[[], DagRun]
) -> None:
    cli.script.append(getattr(cli, fault))
    begun = real_time.monotonic()
    with pytest.raises(Unclear, match="ReadTimeout"):
        hasty()
    assert real_time.monotonic() - begun < 5


def test_the_time_for_an_answer_is_cut_to_what_is_left(
    cli: Any, api: Any, time: Any, transport: CliTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "LEAST_S", 0.1)
    cli.script.append(cli.hang)
    with pytest.raises(Unclear, match="ReadTimeout"):
        transport.trigger(REQUEST, Deadline(time_left=lambda: 35.2))


def test_an_answer_over_the_limit_is_unclear_and_says_the_limit(
    cli: Any, trigger: Callable[[], DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    cli.script.append(cli.says("x" * 100_000))
    with pytest.raises(Unclear, match="over 100000 bytes, which is the limit"):
        trigger()


def test_an_answer_without_end_is_left_at_the_limit(
    cli: Any, hasty: Callable[[], DagRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    cli.script.append(cli.flood)
    with pytest.raises(Unclear, match="over 100000 bytes, which is the limit"):
        hasty()


def test_an_answer_of_10_mb_is_read(
    cli: Any, trigger: Callable[[], DagRun], transcripts: Any
) -> None:
    stdout, _ = transcripts.created("3.3.2", "r1")
    cli.script.append(cli.says("noise " * 1_600_000 + "\n" + stdout))
    assert trigger().state == "queued"


@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
def test_the_envelope_is_read_whatever_the_status(
    status: int, cli: Any, trigger: Callable[[], DagRun], transcripts: Any
) -> None:
    cli.script.append(cli.says("", transcripts("3.3.2", "unknown")["stderr"], status))
    with pytest.raises(DagNotFound):
        trigger()
    assert len(cli.posts) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_created_run_counts_whatever_the_status(
    status: int, cli: Any, trigger: Callable[[], DagRun], transcripts: Any
) -> None:
    cli.script.append(cli.says(*transcripts.created("3.3.2", "r1"), status=status))
    assert trigger().state == "queued"


# The environment changes ------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*UNREADABLE, "429", "no connection"])
def test_after_a_broken_exchange_the_environment_is_asked_anew(
    fault: str, cli: Any, api: Any, trigger: Callable[[], DagRun], created: Any
) -> None:
    if fault == "no connection":
        api.hostname = "web.invalid"
    cli.script.append(
        {**UNREADABLE, "429": lambda cli: cli.raw(429, b"")}.get(fault, lambda _: None)(cli)
    )
    with pytest.raises((Unclear, MwaaUnavailable)):
        trigger()
    api.hostname = cli.hostname
    cli.script.clear()
    cli.script.append(created)
    trigger()
    assert api.calls == ["GetEnvironment", "CreateCliToken"] * 2


def test_an_upgrade_is_noticed_by_the_flags(
    cli: Any, api: Any, transport: CliTransport, deadline: Deadline, transcripts: Any
) -> None:
    api.environments["etl"]["AirflowVersion"] = "2.11.2"

    def upgraded(handler: Any) -> None:
        api.environments["etl"]["AirflowVersion"] = "3.0.6"
        case = transcripts("3.0.6", "listrunsd")
        cli.says(case["stdout"], case["stderr"])(handler)

    case = transcripts("3.0.6", "staterun")
    state = cli.says(case["stdout"], case["stderr"])
    cli.script.extend([upgraded, cli.says(*transcripts.listed("3.0.6", "r1")), state])
    run = transport.find(REQUEST, deadline, with_conf=True)
    assert run is not None
    assert run.airflow_version == "3.0.6"
    assert cli.commands == [
        ["dags", "list-runs", "-d", "demo", "-o", "json"],
        ["dags", "list-runs", "demo", "-o", "json"],
        ["dags", "state", "demo", "r1"],
    ]


def test_a_refused_flag_without_an_upgrade_is_not_sent_again(
    cli: Any, api: Any, trigger: Callable[[], DagRun], transcripts: Any
) -> None:
    case = transcripts("3.0.6", "execdate")
    cli.script.append(cli.says(case["stdout"], case["stderr"]))
    with pytest.raises(Unclear, match="unrecognized arguments"):
        trigger()
    assert api.calls == ["GetEnvironment", "CreateCliToken", "GetEnvironment"]
    assert len(cli.posts) == 1
