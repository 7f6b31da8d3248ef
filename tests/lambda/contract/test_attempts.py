"""Every transport: one request creates one DAG run, whatever fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    EnvironmentNotReady,
    MwaaBusy,
    MwaaUnavailable,
    OutcomeUnknown,
)

from sandbox.mwaa.http import Response
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR, RELEASES
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, after, error
from tests.support.fake_mwaa.server import Call, FakeMwaa, Operation
from tests.support.handler import Trigger
from tests.support.transports.adapter import Adapter, result
from tests.support.transports.adapters import ADAPTERS, every_version


def each(kinds: Callable[[type[Adapter]], Iterable[str]]) -> pytest.MarkDecorator:
    """Return the parameters of a test: these kinds, over each transport on each version.

    Only the newest of each major version gets all kinds. The others get the first, which shows that the
    responses of their Airflow are understood.
    """
    return pytest.mark.parametrize(
        ("adapter", "kind"),
        [
            pytest.param((adapter, version), kind, id=f"{adapter.transport} {version}-{kind}")
            for adapter in ADAPTERS.values()
            for version in RELEASES
            for number, kind in enumerate(kinds(adapter))
            if number == 0 or version in NEWEST_OF_EACH_MAJOR
        ],
        indirect=["adapter"],
    )


each_lost = each(lambda adapter: adapter.outcome_unknown)
each_busy = each(lambda adapter: adapter.busy)
each_unanswered = each(lambda adapter: [*adapter.outcome_unknown, *adapter.busy])
each_taken = each(lambda adapter: adapter.already_exists)


def unresolved(adapter: Adapter, kind: str) -> ScriptedResponse:
    return {**adapter.outcome_unknown, **adapter.busy, **adapter.already_exists}[kind](
        adapter.version
    )


def taken(adapter: Adapter) -> list[ScriptedResponse]:
    return [unresolved(adapter, "already exists")]


def first_busy(adapter: Adapter) -> ScriptedResponse:
    return unresolved(adapter, next(iter(adapter.busy)))


def after_first(
    action: Callable[[], object], script: list[ScriptedResponse]
) -> list[ScriptedResponse]:
    """Call the action just before the first response of the script."""
    return [after(action, script[0]), *script[1:]]


# Successful triggers ----------------------------------------------------------------------------


@every_version
def test_a_successful_trigger_is_one_call(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.created())
    assert trigger() == result(adapter, state="queued", created=True)
    assert adapter.airflow_calls(mwaa) == adapter.trigger


def test_a_warm_trigger_makes_no_other_call(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.created() * 2)
    trigger()
    first = len(mwaa.calls)
    trigger()
    assert len(mwaa.calls) == first + 1
    assert adapter.airflow_calls(mwaa) == adapter.trigger * 2


# No response --------------------------------------------------------------------------------------


@each_unanswered
def test_a_request_without_a_response_is_sent_again(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(unresolved(adapter, kind), *adapter.created())
    assert trigger()["created"] is True
    assert adapter.airflow_calls(mwaa) == adapter.trigger * 2
    first, second = (
        call.request.body
        for call in mwaa.calls
        if call.operation in {Operation.COMMAND, Operation.INVOKE_REST_API}
    )
    assert first == second  # the same run id, which Airflow accepts only once
    assert 1 <= clock.pauses[0] <= 2


@each_unanswered
def test_a_run_that_was_created_without_a_response_is_a_success(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(unresolved(adapter, kind), *taken(adapter), *adapter.found())
    assert trigger() == result(adapter, state="queued", created=False)
    assert adapter.airflow_calls(mwaa) == [*adapter.trigger * 2, *adapter.lookup]


def test_the_last_attempt_is_followed_by_a_lookup(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout() * 4, *adapter.found())
    assert trigger()["created"] is False
    assert adapter.airflow_calls(mwaa) == [*adapter.trigger * 4, *adapter.lookup]


@each_lost
def test_an_unresolved_attempt_is_outcome_unknown(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*[unresolved(adapter, kind)] * 4, *adapter.absent())
    with pytest.raises(OutcomeUnknown, match=r"MWAA environment etl .* is not known"):
        trigger()
    assert adapter.airflow_calls(mwaa) == [*adapter.trigger * 4, *adapter.failed_lookup]
    assert [int(pause) for pause in clock.pauses] == pytest.approx([1, 2.5, 5.5], abs=1.6)


@each_busy
def test_a_web_server_that_stays_busy_gets_no_lookup(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    """The server may have accepted one of the commands."""
    mwaa.begin(*[unresolved(adapter, kind)] * 4)
    with pytest.raises(MwaaBusy, match=r"is busy \(HTTP .* is not known"):
        trigger()
    assert adapter.airflow_calls(mwaa) == adapter.trigger * 4


def test_a_missing_response_takes_the_whole_time_limit(
    adapter: Adapter,
    mwaa: FakeMwaa,
    clock: Clock,
    trigger: Trigger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mwaa.begin(unresolved(adapter, "no response"), *adapter.created())
    assert trigger()["created"] is True
    assert clock.now >= 12
    assert "ReadTimeout" in caplog.text


def test_an_update_that_breaks_calls_is_named(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    """The state machine waits longer before its retries."""
    mwaa.environment_fields.update(Status="UPDATING")
    mwaa.begin(*adapter.gateway_timeout() * 4, *adapter.absent())
    mwaa.environment_fields.update(Status="UPDATING")
    with pytest.raises(EnvironmentNotReady, match=r"HTTP 504.* etl is UPDATING.* is not known"):
        trigger()


# Refusals -----------------------------------------------------------------------------------------


@each_taken
def test_an_existing_run_id_is_looked_up(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(unresolved(adapter, kind), *adapter.found())
    assert trigger()["created"] is False
    assert adapter.airflow_calls(mwaa) == [*adapter.trigger, *adapter.lookup]


@each_taken
def test_a_taken_date_is_resolved_by_the_next_attempt(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    """On Airflow 2 two runs of a DAG may not have one date."""
    mwaa.begin(unresolved(adapter, kind), *adapter.absent(), *adapter.created())
    assert trigger()["created"] is True


def test_a_failed_lookup_is_followed_by_another_attempt(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    again = [*taken(adapter), *adapter.found()]
    mwaa.begin(*taken(adapter), unresolved(adapter, "reset"), *again)
    assert trigger()["created"] is False


def test_a_denied_lookup_leaves_the_outcome_unknown(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout() * 4, *adapter.denied())
    with pytest.raises(OutcomeUnknown, match=rf"HTTP 504.* failed: .*{adapter.denial}"):
        trigger()


def test_a_refusal_after_a_lost_response_is_resolved_by_a_lookup(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.unknown_dag(), *adapter.found())
    assert trigger()["created"] is False


def test_a_denial_after_a_lost_response_keeps_its_name(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.denied(), *adapter.absent())
    with pytest.raises(AccessDenied, match=rf"^.*{adapter.denial}.* may have created"):
        trigger()


def test_a_busy_server_does_not_hide_a_lost_response(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *[first_busy(adapter)] * 3)
    with pytest.raises(MwaaBusy, match=r" busy .* is not known"):
        trigger()


def test_a_throttled_attempt_does_not_hide_a_lost_response(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    throttled = [error(adapter.throttles, 429, "ThrottlingException")] * 3

    def token_ends() -> None:
        clock.now += 46
        mwaa.add(*throttled)

    mwaa.begin(*after_first(token_ends, adapter.gateway_timeout()))
    with pytest.raises(MwaaBusy, match=rf"{adapter.throttles} .* is not known"):
        trigger()


# Bugs ---------------------------------------------------------------------------------------------


def test_a_bug_after_the_request_was_sent_leaves_the_outcome_unknown(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> NoReturn:
        raise TypeError("unhashable type")

    monkeypatch.setattr(f"mwaa_dags_trigger.transports.{adapter.transport}.DagRun", break_down)
    mwaa.begin(*adapter.created() * 4, *adapter.found())
    with pytest.raises(OutcomeUnknown, match=r"\(TypeError\)\. This is a bug") as caught:
        trigger()
    assert "unhashable" not in str(caught.value)
    assert "network" not in str(caught.value)


def test_a_bug_before_the_request_is_sent_is_raised_unchanged(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object, **__: object) -> NoReturn:
        raise TypeError("unhashable type")

    made = {"cli": "trigger_command", "rest": "trigger_body"}[adapter.transport]
    monkeypatch.setattr(f"mwaa_dags_trigger.transports.{adapter.transport}.{made}", break_down)
    with pytest.raises(TypeError):
        trigger()
    assert adapter.airflow_calls(mwaa) == []


# Time ---------------------------------------------------------------------------------------------


def test_no_attempt_starts_without_time_for_a_lookup(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    def late() -> None:
        clock.end = 35.5

    mwaa.begin(*after_first(late, adapter.gateway_timeout()), *adapter.absent())
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert clock.pauses == []


@pytest.mark.parametrize("seconds", [34.9, 15.9])
def test_no_trigger_is_sent_without_time_for_a_lookup(
    seconds: float, adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    clock.end = seconds
    with pytest.raises(
        CommandRejected, match=rf"too short: it has {seconds:.0f} s .* Increase function\.timeout"
    ):
        trigger()
    assert mwaa.operations == []


def test_a_call_that_took_long_does_not_blame_the_timeout(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    def take_long(fake: FakeMwaa, call: Call) -> Response:
        clock.now += 270
        return call.action()

    mwaa.begin(ScriptedResponse(Operation.GET_ENVIRONMENT, take_long))
    with pytest.raises(MwaaUnavailable, match=r"ran out of time .*\. This attempt created no DAG"):
        trigger()
    assert adapter.airflow_calls(mwaa) == []
