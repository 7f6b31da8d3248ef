"""The handler: its messages, its logs, and what it keeps between invocations."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import mwaa_dags_trigger
import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from mwaa_dags_trigger import logs
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotFound,
    EnvironmentNotReady,
    InvalidRequest,
    MwaaBusy,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
    TriggerError,
)
from mwaa_dags_trigger.run_id import derive_run_id
from mwaa_dags_trigger.transports.cli import CliTransport

from sandbox.mwaa.front import Environment
from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.adapters import ADAPTERS
from tests.support.cli_adapter import recorded
from tests.support.clock import Clock
from tests.support.faults import Fault, Kind
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK, OTHER_MARK
from tests.support.steps import command, printed, said, web

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
RUN_ID = derive_run_id("client-42", ARN, None)
ABOUT = (ARN, "demo", RUN_ID)
SECRET = {"token": CONF_MARK, "list": [OTHER_MARK, NUMBER_MARK]}
TRACEBACK = "Traceback (most recent call last):\n  File x\n"


def _absent(mwaa: FakeMwaa, by_name: dict[str, Environment]) -> None:
    by_name.clear()


def _unknown_dag(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(recorded("unknown")("3.3.1"))


def _conflict(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(
        said(transcripts.command("3.0.6", "duplicate")),
        said(transcripts.command("3.0.6", "staterun")),
    )


def _denied(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(*[command(Response(403))] * 2)


def _rejected(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    error = f"airflow.exceptions.ParamValidationError: '{CONF_MARK}' is not {NUMBER_MARK}"
    stderr = f"{TRACEBACK}{error}\n\nOn instance:\n    '{CONF_MARK}'\n"
    mwaa.begin(printed(CONF_MARK, stderr), printed("None"))


def _not_ready(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.shown["WebserverUrl"] = None


def _busy(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(*[command(Response(503, CONF_MARK.encode()))] * 4)


def _unreachable(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(Fault(Kind.REFUSE), Fault(Kind.REFUSE), Fault(Kind.REFUSE), Fault(Kind.REFUSE))


def _lost(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    echo = f"{TRACEBACK}sqlalchemy.exc.OperationalError: {CONF_MARK}\n"
    mwaa.begin(printed("", echo), *[command(Response(504, CONF_MARK.encode()))] * 4)


ERRORS: dict[type[TriggerError], Callable[[FakeMwaa, dict[str, Environment]], None]] = {
    EnvironmentNotFound: _absent,
    DagNotFound: _unknown_dag,
    RunIdConflict: _conflict,
    AccessDenied: _denied,
    CommandRejected: _rejected,
    EnvironmentNotReady: _not_ready,
    MwaaBusy: _busy,
    MwaaUnavailable: _unreachable,
    OutcomeUnknown: _lost,
}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_each_error_names_the_request_and_hides_its_secrets(
    error: type[TriggerError],
    mwaa: FakeMwaa,
    by_name: dict[str, Environment],
    handle: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokens = len(mwaa.tokens)
    ERRORS[error](mwaa, by_name)
    with pytest.raises(error) as caught:
        handle(execution_arn=ARN, mwaa_dag_conf=SECRET)
    message = str(caught.value)
    assert type(caught.value) is error
    assert message.endswith(f" (execution {ARN}, run id {RUN_ID})")
    assert (caught.value.execution_arn, caught.value.dag_run_id) == (ARN, RUN_ID)
    # The chain too: a log may print it.
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert not [secret for secret in (*MARKS, *mwaa.tokens[tokens:]) if secret in shown]


def test_an_invalid_request_names_its_execution_and_calls_no_api(
    mwaa: FakeMwaa, handle: Handle
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        handle(execution_arn=ARN, mwaa_dag_conf=[CONF_MARK])
    assert str(caught.value).endswith(f"a string with a JSON object. (execution {ARN})")
    assert CONF_MARK not in str(caught.value)
    assert mwaa.calls == []


def test_a_message_without_execution_ends_with_the_run_id(
    mwaa: FakeMwaa, by_name: dict[str, Environment], handle: Handle
) -> None:
    by_name.clear()
    with pytest.raises(EnvironmentNotFound, match=r"\(run id mine\)$"):
        handle(run_id="mine")


def test_the_derived_run_id_is_requested_and_returned(mwaa: FakeMwaa, handle: Handle) -> None:
    run_id = derive_run_id("client-42", ARN, "Trigger")
    mwaa.begin(said(transcripts.created("3.3.1", run_id)))
    result = handle(execution_arn=ARN, state_name="Trigger", redrive_count=2)
    assert result["dag_run_id"] == run_id
    assert mwaa.words[0][3:5] == ["--run-id", run_id]


# Logs -------------------------------------------------------------------------------------------


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
    created = said(transcripts.created("3.3.1", RUN_ID))
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
    mwaa.begin(*(said(transcripts.created("3.3.1", run_id)) for run_id in (RUN_ID, "mine")))
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
    mwaa.begin(said(transcripts.created("3.3.1", "mine")))
    handle(run_id="mine", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert mwaa.asked(Operation.COMMAND)
    assert not [secret for secret in (*MARKS, mwaa.tokens[-1]) if secret in caplog.text]


# The handler itself -----------------------------------------------------------------------------


def test_over_rest_at_debug_level_no_conf_is_logged(
    mwaa: FakeMwaa,
    handle_rest: Handle,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logging.getLogger().level == logging.DEBUG
    run = {**transcripts.rest("3.3.1", "created").answer, "conf": SECRET}
    mwaa.begin(web(200, run))
    handle_rest(run_id="x1", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert mwaa.rest_calls[0]["Body"]["conf"] == SECRET
    assert not [secret for secret in MARKS if secret in caplog.text]


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 44_000


def test_the_handler_uses_the_time_limit_of_lambda(
    transport: CliTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = import_module("mwaa_dags_trigger.app")
    monkeypatch.setattr(app, "TRANSPORT", transport)
    with pytest.raises(CommandRejected, match=r"has 44 s .* needs 45 s"):
        app.lambda_handler({"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}, Context())


# What the runtime client does with an error of the handler.
EXTRACT = """
import json, os, traceback
from mwaa_dags_trigger import app
from mwaa_dags_trigger.transports import cli

class Context:
    def get_remaining_time_in_millis(self): return 300_000

for event in ({}, {"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}, {}):
    app.TRANSPORT.trigger = None  # a bug
    try:
        app.lambda_handler(event, Context())
    except Exception as error:
        print(type(error).__name__, len(traceback.extract_tb(error.__traceback__)) > 0)
"""


def test_only_a_bug_has_a_stack_trace() -> None:
    assert started(EXTRACT, {}).stdout.splitlines() == [
        "InvalidRequest False",
        "TypeError True",
        "InvalidRequest False",
    ]


START = """
import sys
from mwaa_dags_trigger import app
print(app.TRANSPORT.name, *sorted(sys.modules))
"""
START_WITH_EACH = """
import os
for name in ("", "REST", "ssh"):
    os.environ["TRANSPORT"] = name
    try:
        import mwaa_dags_trigger.app
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("variables", "transport"),
    [
        pytest.param({}, "cli", id="absent"),
        pytest.param({"TRANSPORT": "rest"}, "rest", id="rest"),
    ],
)
def test_only_the_chosen_transport_is_loaded(variables: dict[str, str], transport: str) -> None:
    done = started(START, variables)
    assert done.returncode == 0, done.stderr
    chosen, *modules = done.stdout.split()
    assert chosen == transport
    loaded = [name for name in ADAPTERS if f"mwaa_dags_trigger.transports.{name}" in modules]
    assert loaded == [transport]
    assert ("requests" in modules) == (transport == "cli")


def test_an_unknown_transport_fails_at_the_start() -> None:
    done = started(START_WITH_EACH, {})
    assert done.stdout.splitlines() == [
        "The function's environment variable TRANSPORT must be "
        f"{' or '.join(map(repr, ADAPTERS))}, not {transport!r}."
        for transport in ("", "REST", "ssh")
    ]


def test_a_broken_list_of_allowed_dags_fails_at_the_start() -> None:
    done = started(START, {"ALLOWED_DAGS": "onboarding"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "RuntimeError: The function's environment variable ALLOWED_DAGS must be a JSON object "
    )


def started(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    settings = {"TRANSPORT", "ALLOWED_DAGS", "MWAA_ENVIRONMENTS", "TRUSTED_STATE_MACHINES"}
    env = {name: value for name, value in os.environ.items() if name not in settings}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**env, "PYTHONPATH": str(Path(mwaa_dags_trigger.__file__).parents[1]), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_warm_invocation_calls_no_other_api(mwaa: FakeMwaa, handle: Handle) -> None:
    mwaa.begin(*[said(transcripts.created("3.3.1", "mine"))] * 2)
    handle(run_id="mine")
    mwaa.calls.clear()
    handle(run_id="mine")
    assert mwaa.operations == [Operation.COMMAND]


def test_pauses_grow_and_are_random(clock: Clock, deadline: Deadline) -> None:
    assert [*deadline.attempts(reserve_seconds=0)] == [1, 2, 3, 4]
    assert all(low <= pause <= 2 * low for low, pause in zip((1, 2, 4), clock.pauses, strict=True))
    assert len({round(pause % 1, 6) for pause in clock.pauses}) > 1
