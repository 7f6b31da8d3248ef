"""What every transport must do: one request makes one DAG run, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
)

from tests.support.adapters import ADAPTERS, CONF, RUN_ID, Adapter
from tests.support.clock import Clock
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa, Operation
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK
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
            for adapter in ADAPTERS
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


# What certainly started nothing -----------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((429, "ThrottlingException"), id="429"),
        pytest.param((400, "ThrottlingException"), id="400"),
        pytest.param((429, "Unknown"), id="no code"),
        pytest.param((400, "TooManyRequestsException"), id="TooManyRequests"),
    ],
)
def test_a_throttled_call_is_made_again_without_a_look(
    answer: tuple[int, str], adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    throttled = error(adapter.throttles, *answer)
    mwaa.begin(throttled, throttled, *adapter.created())
    assert trigger()["created"] is True
    assert set(adapter.asked(mwaa)) == set(adapter.trigger)
    assert mwaa.operations.count(adapter.throttles) == 3
    assert 1 <= clock.pauses[0] <= 2 <= clock.pauses[1] <= 4


def test_a_call_that_stays_throttled_is_unavailable(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaUnavailable, match=r"ThrottlingException.* started nothing"):
        trigger()
    assert mwaa.operations.count(adapter.throttles) == 4


def test_an_environment_that_is_not_ready_is_left_to_the_state_machine(
    mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.shown["Status"] = "UPDATING"
    with pytest.raises(EnvironmentNotReady):
        trigger()
    assert clock.pauses == []
    assert mwaa.operations == [Operation.GET_ENVIRONMENT]


def test_without_time_for_a_call_and_a_look_none_is_sent(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    clock.end = 34.9
    with pytest.raises(MwaaUnavailable, match="Raise the function's timeout"):
        trigger()
    assert adapter.asked(mwaa) == []


def test_a_refusal_of_the_caller_ends_it(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.denied())
    with pytest.raises(AccessDenied, match=adapter.denial):
        trigger()
    assert clock.pauses == []


def test_an_unknown_dag_is_not_looked_for(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.unknown_dag())
    with pytest.raises(DagNotFound) as caught:
        trigger()
    assert "MWAA environment etl does not know DAG demo. Check" in str(caught.value)
    assert "a new DAG file takes a moment to be parsed" in str(caught.value)
    assert adapter.asked(mwaa) == adapter.trigger


def test_what_airflow_refuses_is_rejected_at_once(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected(), *adapter.absent())
    with pytest.raises(CommandRejected, match="Airflow in MWAA environment etl refused the c"):
        trigger()
    assert clock.pauses == []
    assert adapter.asked(mwaa) == [*adapter.trigger, *adapter.look_in_vain]


def test_a_run_that_is_there_counts_more_than_an_error(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected(), *adapter.found())
    assert trigger()["created"] is False


# The conf ---------------------------------------------------------------------------------------


def test_a_run_with_another_conf_is_a_conflict_where_the_conf_can_be_read(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.taken(), *adapter.found())
    if adapter.reads_conf:
        with pytest.raises(RunIdConflict, match="Nothing was made"):
            handle_over(run_id=RUN_ID, mwaa_dag_conf={"k": "other"})
    else:
        result = handle_over(run_id=RUN_ID, mwaa_dag_conf={"k": "other"})
        assert (result["created"], result["conf_compared"]) == (False, False)


def test_no_value_of_the_conf_is_shown(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    """In a log, the fixture `no_secret_in_any_log` looks for it."""
    mwaa.begin(*adapter.refused_with(f"{CONF_MARK} is not {NUMBER_MARK}"), *adapter.absent())
    with pytest.raises(CommandRejected, match="is not") as caught:
        handle_over(run_id=RUN_ID, mwaa_dag_conf={"a": CONF_MARK, "b": NUMBER_MARK})
    assert not [secret for secret in MARKS if secret in str(caught.value)]
