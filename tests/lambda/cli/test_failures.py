"""Failures of exchanges with the CLI endpoint, and changes of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    DagNotFound,
    MwaaBusy,
    MwaaUnavailable,
    Outcome,
    OutcomeUnknown,
)
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports import cli as cli_module
from mwaa_dags_trigger.transports import cli_endpoint as endpoint_module
from mwaa_dags_trigger.transports.cli import CliTransport

from sandbox.mwaa.api import success
from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.fake_mwaa.broken_responses import HangUp, Reset, Truncated
from tests.support.fake_mwaa.faults import Fault, Kind
from tests.support.fake_mwaa.responses import (
    ScriptedResponse,
    command,
    endless,
    printed,
    replay,
    respond,
)
from tests.support.fake_mwaa.server import CLIENT_TIMEOUT_SECONDS, FakeMwaa, Operation
from tests.support.handler import Send
from tests.support.transports.adapter import RUN_ID, TRIGGER
from tests.support.transports.cli_adapter import CREATED
from tests.support.unreachable_airflow import UnreachableAirflow
from tests.support.waiting import wait_until

# Failures before the command is sent --------------------------------------------------------------


def test_after_a_refused_connection_nothing_was_created(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(Fault(Kind.REFUSE))
    with pytest.raises(MwaaUnavailable, match="could not be reached"):
        send()


def web_server(hostname: str) -> ScriptedResponse:
    """ScriptedResponse CreateCliToken with another web server."""
    return respond(
        Operation.CREATE_CLI_TOKEN, success({"CliToken": "x", "WebServerHostname": hostname})
    )


def test_after_an_unresolved_name_nothing_was_created(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(web_server("web.invalid"))
    with pytest.raises(MwaaUnavailable, match="could not be reached"):
        send()


def test_after_an_untrusted_certificate_nothing_was_created(
    mwaa: FakeMwaa, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger))
    with pytest.raises(MwaaUnavailable, match=r"SSLError.* certificate\. .* CA bundle") as caught:
        send()
    assert "subnets" not in str(caught.value)
    assert mwaa.posts == []


def test_without_the_file_of_certificates_nothing_was_created(
    mwaa: FakeMwaa, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(
        MwaaUnavailable, match=r"no file .*missing\.pem\. Correct REQUESTS_CA_BUNDLE"
    ):
        send()
    assert mwaa.posts == []


# Failures with an unknown outcome -----------------------------------------------------------------

UNREADABLE = {
    "hung up": HangUp(),
    "reset": Reset(),
    "body cut short": Truncated(),
    "200 empty": Response(200),
    "200 HTML": Response(200, b"<html>Login</html>"),
    "200 wrong base64": Response(200, b'{"stdout": "%", "stderr": ""}'),
    "400 without envelope": Response(400, b"{}"),
    "404": Response(404, b"not found"),
    "500": Response(500, b"oops"),
    "502": Response(502, b"<html>"),
    "504": Response(504),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_an_unreadable_response_leaves_the_outcome_unknown(
    fault: str, mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(command(UNREADABLE[fault]))
    with pytest.raises(OutcomeUnknown, match="MWAA environment etl") as caught:
        send()
    assert caught.value.outcome is Outcome.LOST


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_web_server_may_have_accepted_the_command(
    status: int, mwaa: FakeMwaa, send: Send
) -> None:
    mwaa.begin(command(Response(status, b"busy")))
    with pytest.raises(MwaaBusy) as caught:
        send()
    assert caught.value.outcome is Outcome.LOST


@pytest.fixture
def hasty(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> CliTransport:
    """A transport on the real clock that sends commands however short the remaining time is."""
    monkeypatch.setattr(cli_module, "MIN_COMMAND_SECONDS", 0.1)
    monkeypatch.setattr(endpoint_module, "ENDPOINT_CONNECT_SECONDS", CLIENT_TIMEOUT_SECONDS)
    return CliTransport(environments)


@pytest.mark.parametrize("drips", [False, True], ids=["hang", "drip"])
def test_a_late_response_leaves_the_outcome_unknown(
    drips: bool,
    no_redirect: None,
    mwaa: FakeMwaa,
    hasty: CliTransport,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli_module, "MAX_COMMAND_SECONDS", 0.2)
    mwaa.begin(endless(Operation.COMMAND, drips=drips))
    # Otherwise the time limit of the response would end the request, with another error.
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        hasty.trigger(TRIGGER, Deadline(time_left=lambda: 300))
    wait_until(
        lambda: not mwaa.remaining_steps
    )  # a slow server reads it after the client has closed the connection


def test_the_time_limit_of_a_command_is_the_time_left(
    no_redirect: None, mwaa: FakeMwaa, hasty: CliTransport
) -> None:
    mwaa.begin(endless(Operation.COMMAND))
    with pytest.raises(OutcomeUnknown, match="ReadTimeout"):
        hasty.trigger(TRIGGER, Deadline(time_left=lambda: 35.2))
    wait_until(lambda: not mwaa.remaining_steps)


def test_a_response_over_the_limit_leaves_the_outcome_unknown(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(command(Response(200, b"x" * 16_777_217)))
    with pytest.raises(OutcomeUnknown, match="exceeds the limit of 16777216 bytes"):
        send()


def test_an_endless_response_is_read_up_to_the_limit(
    mwaa: FakeMwaa, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_module, "MAX_RESPONSE_BYTES", 100_000)
    mwaa.begin(endless(Operation.COMMAND, at_once=200_000))
    with pytest.raises(OutcomeUnknown, match="exceeds the limit of 100000 bytes"):
        send()


def test_a_response_of_10_mb_is_read(mwaa: FakeMwaa, send: Send) -> None:
    stdout = transcripts.created("3.3.1", RUN_ID).stdout
    mwaa.begin(printed("noise " * 1_600_000 + "\n" + stdout))
    assert send().state == "queued"


@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
def test_the_envelope_is_read_whatever_the_status(status: int, mwaa: FakeMwaa, send: Send) -> None:
    unknown = transcripts.about(transcripts.command("3.3.1", "unknown"), "demo", RUN_ID)
    mwaa.begin(printed("", unknown.stderr, status))
    with pytest.raises(DagNotFound):
        send()
    assert len(mwaa.posts) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_created_run_counts_whatever_the_status(status: int, mwaa: FakeMwaa, send: Send) -> None:
    created = transcripts.created("3.3.1", RUN_ID)
    mwaa.begin(printed(created.stdout, created.stderr, status))
    assert send().state == "queued"


# The environment changes ------------------------------------------------------------------------

BROKEN = {
    **{fault: command(response) for fault, response in UNREADABLE.items()},
    "no connection": web_server("web.invalid"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_exchange_drops_version_and_token(fault: str, mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(BROKEN[fault])
    with pytest.raises((OutcomeUnknown, MwaaUnavailable)):
        send()
    mwaa.begin(CREATED)
    send()
    assert mwaa.operations == [
        Operation.GET_ENVIRONMENT,
        Operation.CREATE_CLI_TOKEN,
        Operation.COMMAND,
    ]


def test_a_busy_web_server_keeps_its_token(mwaa: FakeMwaa, send: Send) -> None:
    mwaa.begin(command(Response(503)))
    with pytest.raises(MwaaBusy):
        send()
    mwaa.begin(CREATED)
    send()
    assert mwaa.operations == [Operation.COMMAND]


def test_an_unknown_option_reveals_an_upgrade(
    airflow: UnreachableAirflow, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    airflow.version = "2.11.2"
    asked = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="x1")
    mwaa.begin(replay(transcripts.command("3.0.6", "listrunsd")))
    with pytest.raises(MwaaUnavailable, match="does not know the command"):
        transport.find(asked, deadline)
    airflow.version = "3.0.6"
    mwaa.begin(*(replay(transcripts.command("3.0.6", case)) for case in ("listruns", "staterun")))
    run = transport.find(asked, deadline)
    assert run and run.airflow_version == "3.0.6"
    assert mwaa.command_words == [
        ["dags", "list-runs", "demo", "-o", "json"],
        ["dags", "state", "demo", "x1"],
    ]
