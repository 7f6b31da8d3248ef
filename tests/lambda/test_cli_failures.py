"""How an exchange with the CLI endpoint fails: before, during, and because the environment changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from mwaa_dags_trigger import cli as cli_module
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import Environments
from mwaa_dags_trigger.errors import (
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
)
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import DagRun, Unclear

from sandbox.mwaa import http
from sandbox.mwaa.api import success
from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.faults import Fault, Kind
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.steps import Answer, after, answer, command, endless, printed, said
from tests.support.unasked import UnaskedAirflow
from tests.support.wire import HangUp, Reset, Truncated

REQUEST = Request(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="r1", conf={"k": "v"})
CREATED = said(transcripts.created("3.3.1", "r1"))
GET, CREATE, COMMAND = (
    Operation.GET_ENVIRONMENT,
    Operation.CREATE_CLI_TOKEN,
    Operation.COMMAND,
)

Trigger = Callable[[], DagRun]


@pytest.fixture
def trigger(transport: CliTransport, deadline: Deadline) -> Trigger:
    return lambda: transport.trigger(REQUEST, deadline)


@pytest.fixture
def no_redirect(airflow: UnaskedAirflow) -> None:
    """Let the first request of a command be its only one, as on Airflow 2."""
    airflow.version = "2.11.2"


def posts(mwaa: FakeMwaa) -> list[http.Request]:
    return mwaa.asked(COMMAND)


# What cannot have started anything --------------------------------------------------------------


def test_a_refused_connection_started_nothing(mwaa: FakeMwaa, trigger: Trigger) -> None:
    mwaa.begin(Fault(Kind.REFUSE))
    with pytest.raises(MwaaUnavailable, match="could not be reached") as caught:
        trigger()
    assert "This try started nothing" in str(caught.value)


def web_server(hostname: str) -> Answer:
    """Answer CreateCliToken with another web server."""
    return answer(CREATE, success({"CliToken": "x", "WebServerHostname": hostname}))


def test_a_name_that_does_not_resolve_started_nothing(mwaa: FakeMwaa, trigger: Trigger) -> None:
    mwaa.begin(web_server("web.invalid"))
    with pytest.raises(MwaaUnavailable, match="could not be reached"):
        trigger()


def test_a_certificate_that_is_not_trusted_started_nothing(
    mwaa: FakeMwaa, trigger: Trigger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger))
    with pytest.raises(MwaaUnavailable, match="SSLError"):
        trigger()
    assert posts(mwaa) == []


# What leaves it unclear -------------------------------------------------------------------------

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
def test_an_exchange_without_readable_answer_is_unclear(
    fault: str, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(command(UNREADABLE[fault]))
    with pytest.raises(Unclear) as caught:
        trigger()
    assert isinstance(caught.value.if_absent, OutcomeUnknown)
    assert "MWAA environment etl" in caught.value.if_absent.problem


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_web_server_started_nothing_if_the_run_is_absent(
    status: int, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(command(Response(status, b"busy")))
    with pytest.raises(Unclear, match="busy") as caught:
        trigger()
    assert isinstance(caught.value.if_absent, MwaaUnavailable)


@pytest.fixture
def hasty(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> Trigger:
    """A trigger that waits for 0.2 s, on the real clock."""
    monkeypatch.setattr(cli_module, "READ_S", 0.2)
    monkeypatch.setattr(cli_module, "LEAST_S", 0.1)
    transport = CliTransport(environments)
    return lambda: transport.trigger(REQUEST, Deadline(time_left=lambda: 300))


@pytest.mark.parametrize("drips", [False, True], ids=["hang", "drip"])
def test_an_answer_that_takes_too_long_is_unclear(
    drips: bool, no_redirect: None, mwaa: FakeMwaa, hasty: Trigger
) -> None:
    mwaa.begin(endless(COMMAND, drips=drips))
    # Else it would be the end of the answer's own patience that is met, and another error.
    with pytest.raises(Unclear, match="ReadTimeout"):
        hasty()


def test_the_time_for_an_answer_is_cut_to_what_is_left(
    no_redirect: None, mwaa: FakeMwaa, transport: CliTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "LEAST_S", 0.1)
    mwaa.begin(endless(COMMAND))
    with pytest.raises(Unclear, match="ReadTimeout"):
        transport.trigger(REQUEST, Deadline(time_left=lambda: 35.2))


def test_an_answer_over_the_limit_is_unclear_and_says_the_limit(
    mwaa: FakeMwaa, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    mwaa.begin(printed("x" * 100_000))
    with pytest.raises(Unclear, match="over 100000 bytes, which is the limit"):
        trigger()


def test_an_answer_without_end_is_left_at_the_limit(
    mwaa: FakeMwaa, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    mwaa.begin(endless(COMMAND, at_once=200_000))
    with pytest.raises(Unclear, match="over 100000 bytes, which is the limit"):
        trigger()


def test_an_answer_of_10_mb_is_read(mwaa: FakeMwaa, trigger: Trigger) -> None:
    stdout = transcripts.created("3.3.1", "r1").stdout
    mwaa.begin(printed("noise " * 1_600_000 + "\n" + stdout))
    assert trigger().state == "queued"


@pytest.mark.parametrize("status", [200, 400, 403, 500, 503])
def test_the_envelope_is_read_whatever_the_status(
    status: int, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(printed("", transcripts.command("3.3.1", "unknown").stderr, status))
    with pytest.raises(DagNotFound):
        trigger()
    assert len(posts(mwaa)) == 1


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_created_run_counts_whatever_the_status(
    status: int, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    created = transcripts.created("3.3.1", "r1")
    mwaa.begin(printed(created.stdout, created.stderr, status))
    assert trigger().state == "queued"


# The environment changes ------------------------------------------------------------------------

BROKEN = {
    **{fault: command(response) for fault, response in UNREADABLE.items()},
    "429": command(Response(429)),
    "no connection": web_server("web.invalid"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_after_a_broken_exchange_the_environment_is_asked_anew(
    fault: str, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(BROKEN[fault])
    with pytest.raises((Unclear, MwaaUnavailable)):
        trigger()
    mwaa.begin(CREATED)
    trigger()
    assert mwaa.operations == [GET, CREATE, COMMAND]


def test_an_upgrade_is_noticed_by_the_flags(
    airflow: UnaskedAirflow, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    airflow.version = "2.11.2"

    def upgrade() -> None:
        airflow.version = "3.0.6"

    mwaa.begin(
        after(upgrade, said(transcripts.command("3.0.6", "listrunsd"))),
        said(transcripts.listed("3.0.6", "r1")),
        said(transcripts.command("3.0.6", "staterun")),
    )
    run = transport.find(REQUEST, deadline, with_conf=True)
    assert run is not None
    assert run.airflow_version == "3.0.6"
    assert mwaa.words == [
        ["dags", "list-runs", "-d", "demo", "-o", "json"],
        ["dags", "list-runs", "demo", "-o", "json"],
        ["dags", "state", "demo", "r1"],
    ]


def test_a_refused_flag_without_an_upgrade_is_not_sent_again(
    mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(said(transcripts.command("3.0.6", "execdate")))
    with pytest.raises(Unclear, match="unrecognized arguments"):
        trigger()
    assert mwaa.operations == [GET, CREATE, COMMAND, GET]
