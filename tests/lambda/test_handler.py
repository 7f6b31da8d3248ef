"""The handler: its messages, its logs, and what it keeps."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import mwaa_dags_trigger
import pytest
from awslambdaric.lambda_runtime_log_utils import JsonFormatter
from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotFound,
    EnvironmentNotReady,
    InvalidRequest,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
    TriggerError,
)
from mwaa_dags_trigger.request import derive_run_id

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
RUN_ID = derive_run_id(ARN, redrive_count=0, item_index=None)
SECRET = {"token": "c0nf-s3cret", "list": ["c0nf-s3cret-2", 4711]}
TRACEBACK = "Traceback (most recent call last):\n  File x\n"

Case = Callable[[Any, Any, Any], None]


def _conflict(cli: Any, api: Any, transcripts: Any) -> None:
    taken = cli.says("", transcripts("3.0.6", "duplicate")["stderr"])
    listed = cli.says(*transcripts.listed("3.0.6", RUN_ID))
    cli.script.extend([taken, listed, cli.says(transcripts("3.0.6", "staterun")["stdout"])])


def _rejected(cli: Any, api: Any, transcripts: Any) -> None:
    stderr = f"{TRACEBACK}airflow.exceptions.ParamValidationError: 'c0nf-s3cret' is not 4711\n"
    stderr += "\nOn instance:\n    'c0nf-s3cret'\n"
    cli.script.extend([cli.says("c0nf-s3cret", stderr), cli.says("[]")])


def _unknown(cli: Any, api: Any, transcripts: Any) -> None:
    echo = f"{TRACEBACK}sqlalchemy.exc.OperationalError: c0nf-s3cret t0ken\n"
    cli.script.extend([cli.says("", echo), *[cli.raw(504, b"c0nf-s3cret")] * 3])


ERRORS: dict[type[TriggerError], Case] = {
    EnvironmentNotFound: lambda cli, api, _: api.environments.clear(),
    DagNotFound: lambda cli, api, transcripts: cli.script.append(
        cli.says("", transcripts("3.3.2", "unknown")["stderr"])
    ),
    RunIdConflict: _conflict,
    AccessDenied: lambda cli, api, _: cli.script.extend([cli.raw(403, b"")] * 2),
    CommandRejected: _rejected,
    EnvironmentNotReady: lambda cli, api, _: api.environments["etl"].update(Status="UPDATING"),
    MwaaUnavailable: lambda cli, api, _: cli.close(),
    OutcomeUnknown: _unknown,
}


@pytest.fixture
def bring_about(cli: Any, api: Any, transcripts: Any) -> Callable[[type[TriggerError]], None]:
    return lambda error: ERRORS[error](cli, api, transcripts)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_each_error_names_the_request_and_hides_its_secrets(
    error: type[TriggerError],
    bring_about: Callable[[type[TriggerError]], None],
    handle: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    bring_about(error)
    with pytest.raises(error) as caught:
        handle(execution_arn=ARN, mwaa_dag_conf=SECRET)
    message = str(caught.value)
    assert type(caught.value) is error
    assert message.endswith(f" (execution {ARN}, run id {RUN_ID})")
    assert (caught.value.execution_arn, caught.value.dag_run_id) == (ARN, RUN_ID)
    # The chain too: a log may print it.
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    for secret in ("c0nf-s3cret", "4711", "t0ken-s3cret"):
        assert secret not in shown


def test_a_wrong_request_names_its_execution_and_calls_nobody(
    cli: Any, api: Any, handle: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        handle(execution_arn=ARN, mwaa_dag_conf=["c0nf-s3cret"])
    assert str(caught.value).endswith(f"a string that holds one. (execution {ARN})")
    assert "c0nf-s3cret" not in str(caught.value)
    assert api.calls == []
    assert cli.posts == []


def test_a_message_without_execution_ends_with_the_run_id(
    api: Any, handle: Callable[..., dict[str, Any]]
) -> None:
    api.environments.clear()
    with pytest.raises(EnvironmentNotFound, match=r"\(run id mine\)$"):
        handle(run_id="mine")


def test_the_derived_run_id_is_asked_for_and_given_back(
    cli: Any, transcripts: Any, handle: Callable[..., dict[str, Any]]
) -> None:
    run_id = derive_run_id(ARN, redrive_count=2, item_index=7)
    cli.script.append(cli.says(*transcripts.created("3.3.2", run_id)))
    result = handle(execution_arn=ARN, redrive_count=2, item_index=7)
    assert result["dag_run_id"] == run_id
    assert cli.commands[0][3:5] == ["--run-id", run_id]


# Logs -------------------------------------------------------------------------------------------


def test_every_line_of_lambdas_json_log_has_the_execution(
    cli: Any,
    transcripts: Any,
    handle: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    created = cli.says(*transcripts.created("3.3.2", RUN_ID))
    cli.script.extend([cli.raw(504, b""), cli.says("[]"), created])
    handle(execution_arn=ARN, mwaa_dag_conf=SECRET)
    formatter = JsonFormatter()
    lines = [json.loads(formatter.format(record)) for record in caplog.records]
    assert {line["execution_arn"] for line in lines} == {ARN}
    loggers = {line["logger"].partition(".")[0] for line in lines}
    assert {"mwaa_dags_trigger", "urllib3"} <= loggers  # other libraries' lines too


def test_the_execution_does_not_stay_for_the_next_invocation(
    cli: Any,
    transcripts: Any,
    handle: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_ids = [RUN_ID, "mine"]
    cli.script.extend(cli.says(*transcripts.created("3.3.2", run_id)) for run_id in run_ids)
    handle(execution_arn=ARN)
    caplog.clear()
    handle(run_id="mine")
    assert caplog.records
    assert {record.execution_arn for record in caplog.records} == {None}


def test_at_debug_level_no_token_is_logged(
    cli: Any,
    transcripts: Any,
    handle: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Which the fixture `no_secret_in_any_log` also checks after every other test."""
    assert logging.getLogger().level == logging.DEBUG
    cli.script.append(cli.says(*transcripts.created("3.3.2", "mine")))
    handle(run_id="mine", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert "t0ken-s3cret" not in caplog.text
    assert "c0nf-s3cret" not in caplog.text


# The handler itself -----------------------------------------------------------------------------


def test_over_rest_at_debug_level_no_conf_is_logged(
    rest: Any,
    rest_transcripts: Any,
    handle_rest: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert logging.getLogger().level == logging.DEBUG
    run = {**rest_transcripts("3.3.1", "created")["answer"], "conf": SECRET}
    rest.script.append(rest.says(200, run))
    handle_rest(run_id="x1", mwaa_dag_conf=SECRET)
    assert caplog.records
    assert rest.calls[0]["Body"]["conf"] == SECRET
    assert "c0nf-s3cret" not in caplog.text


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 44_000


def test_the_handler_takes_its_time_from_lambda(
    app: ModuleType, cli: Any, transport: CliTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "TRANSPORT", transport)
    with pytest.raises(MwaaUnavailable, match="Raise the function's timeout"):
        app.lambda_handler({"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}, Context())


START = """
import gc, sys
from mwaa_dags_trigger import app
print(app.TRANSPORT.name, "requests" in sys.modules, gc.isenabled())
"""


@pytest.mark.parametrize(
    ("transport", "printed"),
    [
        pytest.param({}, "cli True True", id="absent"),
        pytest.param({"TRANSPORT": "cli"}, "cli True True", id="cli"),
        pytest.param({"TRANSPORT": "rest"}, "rest False True", id="rest"),
    ],
)
def test_the_transport_is_chosen_and_only_it_is_loaded(
    transport: dict[str, str], printed: str
) -> None:
    done = started(transport)
    assert done.stdout.strip() == printed, done.stderr


@pytest.mark.parametrize("transport", ["", "REST", "ssh"])
def test_another_transport_fails_at_the_start(transport: str) -> None:
    done = started({"TRANSPORT": transport})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "RuntimeError: The function's environment variable TRANSPORT must be 'cli' or 'rest', "
        f"not {transport!r}."
    )


def started(transport: dict[str, str]) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name != "TRANSPORT"}
    return subprocess.run(
        [sys.executable, "-c", START],
        env={**env, "PYTHONPATH": str(Path(mwaa_dags_trigger.__file__).parents[1]), **transport},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_warm_invocation_asks_aws_for_nothing(
    cli: Any, api: Any, transcripts: Any, handle: Callable[..., dict[str, Any]]
) -> None:
    cli.script.extend([cli.says(*transcripts.created("3.3.2", "mine"))] * 2)
    handle(run_id="mine")
    api.calls.clear()
    handle(run_id="mine")
    assert api.calls == []


def test_pauses_grow_and_are_spread(time: Any, deadline: Deadline) -> None:
    assert all(deadline.pause(attempt, keep=0) for attempt in (1, 2, 3, 4))
    assert all(
        low <= pause <= 2 * low for low, pause in zip((1, 2, 4, 8), time.pauses, strict=True)
    )
    assert len({round(pause % 1, 6) for pause in time.pauses}) > 1
