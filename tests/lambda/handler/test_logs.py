"""The log of an invocation: every line is about its request, and none holds a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from mwaa_dags_trigger import logs
from mwaa_dags_trigger.errors import (
    DagNotFound,
    InvalidRequest,
)
from mwaa_dags_trigger.run_id import derive_run_id

from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.fake_mwaa.responses import command, replay, web
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.handler import Handle
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK, OTHER_MARK
from tests.support.transports.cli_adapter import recorded

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
RUN_ID = derive_run_id("client-42", ARN, None)
ABOUT = (ARN, "demo", RUN_ID)
SECRET = {"token": CONF_MARK, "list": [OTHER_MARK, NUMBER_MARK]}


@pytest.fixture
def request_in_logs(handle: Handle) -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    logs.add_request()
    yield
    logging.setLogRecordFactory(factory)


def test_every_line_of_lambdas_json_log_has_the_request(
    request_in_logs: None,
    mwaa: FakeMwaa,
    handle: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    created = replay(transcripts.created("3.3.1", RUN_ID))
    mwaa.begin(command(Response(504)), created)
    handle(execution_arn=ARN, mwaa_dag_conf=SECRET)
    formatter = JsonFormatter()
    lines = [json.loads(formatter.format(record)) for record in caplog.records]
    assert {tuple(line[name] for name in logs.NO_REQUEST) for line in lines} == {ABOUT}
    loggers = {line["logger"].partition(".")[0] for line in lines}
    assert {"mwaa_dags_trigger", "urllib3"} <= loggers  # other libraries' lines too


def test_the_next_invocation_does_not_log_the_previous_execution(
    request_in_logs: None,
    mwaa: FakeMwaa,
    handle: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mwaa.begin(*(replay(transcripts.created("3.3.1", run_id)) for run_id in (RUN_ID, "mine")))
    handle(execution_arn=ARN)
    caplog.clear()
    handle(run_id="mine")
    assert caplog.records
    shown = {tuple(vars(record)[name] for name in logs.NO_REQUEST) for record in caplog.records}
    assert shown == {(None, "demo", "mine")}


def error_line(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    line: dict[str, Any] = json.loads(JsonFormatter().format(record))
    return line


def test_the_error_itself_is_a_line_about_the_request(
    request_in_logs: None, mwaa: FakeMwaa, handle: Handle, caplog: pytest.LogCaptureFixture
) -> None:
    mwaa.begin(recorded("unknown")("3.3.1"))
    with pytest.raises(DagNotFound) as caught:
        handle(execution_arn=ARN)
    line = error_line(caplog)
    assert line["message"] == f"DagNotFound: {caught.value}"
    assert tuple(line[name] for name in logs.NO_REQUEST) == ABOUT


def test_an_invalid_request_is_a_line_about_its_execution(
    request_in_logs: None, mwaa: FakeMwaa, handle: Handle, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidRequest):
        handle(execution_arn=ARN, mwaa_dag_conf=[1])
    line = error_line(caplog)
    assert line["message"].startswith("InvalidRequest: mwaa_dag_conf must")
    assert line["execution_arn"] == ARN


def test_a_bug_is_a_line_about_the_request_without_its_text(
    request_in_logs: None,
    mwaa: FakeMwaa,
    handle: Handle,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_down(*_: object) -> NoReturn:
        raise TypeError(CONF_MARK)

    monkeypatch.setattr("mwaa_dags_trigger.transports.cli.trigger_command", break_down)
    with pytest.raises(TypeError):
        handle(execution_arn=ARN)
    line = error_line(caplog)
    assert line["message"] == "TypeError: This is a bug in the function."
    assert tuple(line[name] for name in logs.NO_REQUEST) == ABOUT


def test_at_debug_level_no_token_is_logged(
    mwaa: FakeMwaa,
    handle: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Which the fixture `no_secret_in_any_log` also checks after every other test."""
    assert logging.getLogger().level == logging.DEBUG
    mwaa.begin(replay(transcripts.created("3.3.1", "mine")))
    handle(run_id="mine", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert mwaa.requests_for(Operation.COMMAND)
    assert not [secret for secret in (*MARKS, mwaa.tokens[-1]) if secret in caplog.text]


def test_over_rest_at_debug_level_no_conf_is_logged(
    mwaa: FakeMwaa,
    handle_rest: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logging.getLogger().level == logging.DEBUG
    run = {**transcripts.rest("3.3.1", "created").response, "conf": SECRET}
    mwaa.begin(web(200, run))
    handle_rest(run_id="x1", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert mwaa.rest_calls[0]["Body"]["conf"] == SECRET
    assert not [secret for secret in MARKS if secret in caplog.text]
