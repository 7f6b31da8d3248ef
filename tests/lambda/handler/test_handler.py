"""The handler: its messages, its logs, and what it keeps between invocations."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest
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

from sandbox.mwaa.front import Environment
from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.faults import Fault, Kind
from tests.support.fake_mwaa.responses import command, printed, replay
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.handler import Handle
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK, OTHER_MARK
from tests.support.transports.cli_adapter import recorded

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
        replay(transcripts.command("3.0.6", "duplicate")),
        replay(transcripts.command("3.0.6", "staterun")),
    )


def _denied(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.begin(*[command(Response(403))] * 2)


def _rejected(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    error = f"airflow.exceptions.ParamValidationError: '{CONF_MARK}' is not {NUMBER_MARK}"
    stderr = f"{TRACEBACK}{error}\n\nOn instance:\n    '{CONF_MARK}'\n"
    mwaa.begin(printed(CONF_MARK, stderr), printed("None"))


def _not_ready(mwaa: FakeMwaa, _: dict[str, Environment]) -> None:
    mwaa.environment_fields["WebserverUrl"] = None


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
    mwaa.begin(replay(transcripts.created("3.3.1", run_id)))
    result = handle(execution_arn=ARN, state_name="Trigger", redrive_count=2)
    assert result["dag_run_id"] == run_id
    assert mwaa.command_words[0][3:5] == ["--run-id", run_id]


# What it keeps between invocations --------------------------------------------------------------


def test_a_warm_invocation_calls_no_other_api(mwaa: FakeMwaa, handle: Handle) -> None:
    mwaa.begin(*[replay(transcripts.created("3.3.1", "mine"))] * 2)
    handle(run_id="mine")
    mwaa.calls.clear()
    handle(run_id="mine")
    assert mwaa.operations == [Operation.COMMAND]


def test_pauses_grow_and_are_random(clock: Clock, deadline: Deadline) -> None:
    assert [*deadline.attempts(reserve_seconds=0)] == [1, 2, 3, 4]
    assert all(low <= pause <= 2 * low for low, pause in zip((1, 2, 4), clock.pauses, strict=True))
    assert len({round(pause % 1, 6) for pause in clock.pauses}) > 1
