"""What every transport must do: one request makes one DAG run, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from mwaa_dags_trigger.errors import (
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
)

from tests.support.adapter import CONF, RUN_ID, Adapter
from tests.support.adapters import ADAPTERS
from tests.support.clock import Clock
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.steps import Answer, after, error

Trigger = Callable[[], dict[str, object]]


@pytest.fixture
def trigger(handle_over: Handle) -> Trigger:
    return lambda: handle_over(mwaa_dag_conf=CONF, run_id=RUN_ID)


def each(kinds: Callable[[type[Adapter]], Iterable[str]]) -> pytest.MarkDecorator:
    """Make a test of each of these kinds, over each transport on each version."""
    return pytest.mark.parametrize(
        ("adapter", "kind"),
        [
            pytest.param((adapter, version), kind, id=f"{adapter.transport} {version}-{kind}")
            for adapter in ADAPTERS.values()
            for version in adapter.versions
            for kind in kinds(adapter)
        ],
        indirect=["adapter"],
    )


each_lost = each(lambda adapter: adapter.lost)
each_busy = each(lambda adapter: adapter.busy)
each_doubt = each(lambda adapter: [*adapter.lost, *adapter.busy])


def doubt(adapter: Adapter, kind: str) -> Answer:
    return {**adapter.lost, **adapter.busy}[kind](adapter.version)


def first_busy(adapter: Adapter) -> Answer:
    return doubt(adapter, next(iter(adapter.busy)))


def after_first(action: Callable[[], object], script: list[Answer]) -> list[Answer]:
    """Have something happen just before the script's first answer."""
    return [after(action, script[0]), *script[1:]]


# A trigger that goes well -----------------------------------------------------------------------


def test_a_trigger_that_goes_well_is_one_call(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.created())
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": RUN_ID,
        "state": "queued",
        "created": True,
        "airflow_version": adapter.version,
        "transport": adapter.transport,
    }
    assert adapter.asked(mwaa) == adapter.trigger


def test_a_warm_trigger_asks_aws_for_nothing_else(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.created() * 2)
    trigger()
    first = len(mwaa.calls)
    trigger()
    assert len(mwaa.calls) == first + 1
    assert adapter.asked(mwaa) == adapter.trigger * 2


# What leaves it unclear -------------------------------------------------------------------------


@each_doubt
def test_after_a_doubt_a_run_that_is_there_is_a_success(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(doubt(adapter, kind), *adapter.found())
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": RUN_ID,
        "state": "queued",
        "created": False,
        "airflow_version": adapter.version,
        "transport": adapter.transport,
        "conf_compared": adapter.reads_conf,
    }
    assert adapter.asked(mwaa) == [*adapter.trigger, *adapter.look]


@each_doubt
def test_after_a_doubt_a_run_that_is_not_there_is_asked_for_again(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(doubt(adapter, kind), *adapter.absent(), *adapter.created())
    assert trigger()["created"] is True
    assert adapter.asked(mwaa) == [*adapter.trigger, *adapter.look_in_vain, *adapter.trigger]
    to_airflow = [
        call.request.body
        for call in mwaa.calls
        if call.operation in {Operation.COMMAND, Operation.INVOKE_REST_API}
    ]
    assert to_airflow[0] == to_airflow[-1]  # the same run id, which Airflow takes once
    assert 1 <= clock.pauses[0] <= 2


@each_lost
def test_a_doubt_that_stays_is_outcome_unknown(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*[doubt(adapter, kind), *adapter.absent()] * 4)
    with pytest.raises(OutcomeUnknown, match="MWAA environment etl"):
        trigger()
    assert adapter.asked(mwaa) == [*adapter.trigger, *adapter.look_in_vain] * 4
    assert [int(pause) for pause in clock.pauses] == pytest.approx([1, 2.5, 5.5], abs=1.6)


@each_busy
def test_a_web_server_that_stays_busy_is_unavailable(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*[doubt(adapter, kind), *adapter.absent()] * 4)
    with pytest.raises(MwaaUnavailable, match=r"busy \(HTTP"):
        trigger()
    assert adapter.asked(mwaa) == [*adapter.trigger, *adapter.look_in_vain] * 4


@each_doubt
def test_a_doubt_without_a_look_is_outcome_unknown(
    kind: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(doubt(adapter, kind), first_busy(adapter), *adapter.gateway_timeout() * 2)
    with pytest.raises(OutcomeUnknown, match="retry with the same run id is safe"):
        trigger()
    assert adapter.asked(mwaa) == adapter.trigger + adapter.look[:1] * 3


def test_a_silence_takes_the_time_that_is_waited(
    adapter: Adapter,
    mwaa: FakeMwaa,
    clock: Clock,
    trigger: Trigger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mwaa.begin(doubt(adapter, "silence"), *adapter.found())
    assert trigger()["created"] is False
    assert clock.now >= 12
    assert "ReadTimeout" in caplog.text


def test_a_run_that_appears_late_is_found_by_the_next_try(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    first = [*adapter.gateway_timeout(), *adapter.absent()]
    mwaa.begin(*first, *adapter.taken(), *adapter.found())
    assert trigger()["created"] is False


def test_a_look_that_fails_is_made_again(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), doubt(adapter, "reset"), *adapter.found())
    assert trigger()["created"] is False


def test_a_look_that_is_not_allowed_leaves_it_unknown(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    def deny() -> None:
        mwaa.add(error(Operation.GET_ENVIRONMENT, 403, "AccessDeniedException"))

    mwaa.begin(*after_first(deny, adapter.gateway_timeout()))
    with pytest.raises(OutcomeUnknown, match="airflow:GetEnvironment"):
        trigger()


def test_an_update_that_cuts_a_call_off_is_named(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(
        *after_first(lambda: mwaa.shown.update(Status="UPDATING"), adapter.gateway_timeout())
    )
    with pytest.raises(OutcomeUnknown, match="status is UPDATING"):
        trigger()


def test_a_dag_that_the_look_does_not_know_has_no_run(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.absent_dag())
    with pytest.raises(DagNotFound):
        trigger()


def test_once_in_doubt_a_refusal_does_not_hide_it(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.absent(), *adapter.denied() * 3)
    with pytest.raises(OutcomeUnknown, match=rf"HTTP 504.* The last try: .*{adapter.denial}"):
        trigger()


def test_once_in_doubt_a_busy_server_does_not_hide_it(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    busy = [first_busy(adapter), *adapter.absent()]
    mwaa.begin(*adapter.gateway_timeout(), *adapter.absent(), *busy * 3)
    with pytest.raises(OutcomeUnknown, match=r"HTTP 504.* The last try: .* busy"):
        trigger()


def test_once_in_doubt_a_throttled_try_does_not_hide_it(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    throttled = [error(adapter.throttles, 429, "ThrottlingException")] * 3

    def token_ends() -> None:
        clock.now += 46
        mwaa.add(*throttled)

    *looked, last = adapter.absent()
    mwaa.begin(*adapter.gateway_timeout(), *looked, after(token_ends, last))
    with pytest.raises(OutcomeUnknown, match=rf"HTTP 504.* The last try: {adapter.throttles} "):
        trigger()


def test_in_a_retry_a_refusal_does_not_hide_what_a_try_before_may_have_made(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.denied())
    with pytest.raises(OutcomeUnknown, match=rf"An earlier try .* {adapter.denial}"):
        handle_over(run_id=RUN_ID, retry_count=1)


def test_in_a_retry_an_unknown_dag_is_still_unknown(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.unknown_dag())
    with pytest.raises(DagNotFound):
        handle_over(run_id=RUN_ID, retry_count=1)


# Time -------------------------------------------------------------------------------------------


def test_no_other_try_begins_without_time_for_it_and_a_look(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    *looked, last = adapter.absent()

    def late() -> None:
        clock.end = 45.5

    mwaa.begin(*adapter.gateway_timeout(), *looked, after(late, last))
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert clock.pauses == []


def test_no_other_look_begins_without_time_for_it(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    def late() -> None:
        clock.end = 15.5

    mwaa.begin(*adapter.gateway_timeout(), *after_first(late, adapter.gateway_timeout()))
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert clock.pauses == []
