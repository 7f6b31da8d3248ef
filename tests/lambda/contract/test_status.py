"""Every transport: return the state of a DAG run, for the actions `status` and `check`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    DagRunNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    MwaaUnavailable,
)

from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import error
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle
from tests.support.transports.adapter import RUN_ID, Adapter, result
from tests.support.transports.adapters import every_version

BEGUN, ENDED = "2026-11-23T18:41:10.198031+00:00", "2026-11-23T18:41:11.785593+00:00"
STATUS = {"action": "status", "dag_run_id": RUN_ID}
LATE_CHECK = {
    "action": "check",
    "dag_run_id": RUN_ID,
    "triggered_at": "2026-01-01T10:00:00Z",
    "checked_at": "2026-01-02T10:00:00Z",
    "timeout_seconds": 3600,
}
"""A check that would report a timeout if the run were in progress."""

Look = Callable[[], dict[str, Any]]


@pytest.fixture
def status(handle_over: Handle) -> Look:
    return lambda: handle_over(**STATUS)


@pytest.fixture(params=[STATUS, LATE_CHECK], ids=lambda event: event["action"])
def look(request: pytest.FixtureRequest, handle_over: Handle) -> Look:
    return lambda: handle_over(**request.param)


def test_a_run_that_has_ended_is_final(adapter: Adapter, mwaa: FakeMwaa, status: Look) -> None:
    mwaa.begin(*adapter.run_in_state("success", BEGUN, ENDED))
    dates = {"start_date": BEGUN, "end_date": ENDED}
    assert status() == result(adapter, state="success", final=True, **dates)


@pytest.mark.parametrize(
    ("shown", "final"),
    [
        pytest.param(("queued", None, None), False, id="queued"),
        pytest.param(("running", None, None), False, id="running"),
        pytest.param(("failed", BEGUN, ENDED), True, id="failed"),
    ],
)
def test_only_success_and_failed_are_final(
    shown: tuple[str, str | None, str | None],
    final: bool,
    adapter: Adapter,
    mwaa: FakeMwaa,
    status: Look,
) -> None:
    mwaa.begin(*adapter.run_in_state(*shown))
    found = status()
    assert (found["state"], found["start_date"], found["end_date"]) == shown
    assert found["final"] is final


def test_a_lost_response_is_requested_again(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, status: Look
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.run_in_state("running", None, None))
    assert status()["state"] == "running"
    assert 1 <= clock.pauses[0] <= 2


def test_an_unknown_run_is_an_error_that_names_it(
    adapter: Adapter, mwaa: FakeMwaa, look: Look
) -> None:
    mwaa.begin(*adapter.absent())
    with pytest.raises(DagRunNotFound) as caught:
        look()
    assert str(caught.value) == (
        "DAG demo in MWAA environment etl has no run sfn__r1. Check dag_run_id. The run may also have "
        "been deleted. (run id sfn__r1)"
    )


@every_version
def test_an_unknown_dag_is_distinguished_from_an_unknown_run(
    adapter: Adapter, mwaa: FakeMwaa, status: Look
) -> None:
    mwaa.begin(*adapter.absent_dag())
    with pytest.raises(DagNotFound, match="does not know DAG demo"):
        status()


def test_a_status_that_stays_unreadable_is_unavailable(
    adapter: Adapter, mwaa: FakeMwaa, look: Look
) -> None:
    mwaa.begin(*adapter.gateway_timeout() * 4)
    with pytest.raises(MwaaUnavailable, match=r"HTTP 504.* Airflow could not be read"):
        look()
    assert adapter.airflow_calls(mwaa) == adapter.lookup[:1] * 4


def test_a_call_that_stays_throttled_is_busy(adapter: Adapter, mwaa: FakeMwaa, look: Look) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaBusy):
        look()


def test_an_update_of_the_environment_explains_a_lost_response(
    adapter: Adapter, mwaa: FakeMwaa, look: Look
) -> None:
    mwaa.begin(*adapter.gateway_timeout() * 4)
    mwaa.environment_fields["Status"] = "UPDATING"
    with pytest.raises(EnvironmentNotReady):
        look()


@pytest.mark.parametrize("answer", ["absent", "absent_dag"])
def test_what_is_missing_during_an_update_may_return(
    answer: str, adapter: Adapter, mwaa: FakeMwaa, look: Look
) -> None:
    mwaa.begin(*getattr(adapter, answer)())
    mwaa.environment_fields["Status"] = "ROLLING_BACK"
    with pytest.raises(EnvironmentNotReady, match="status of MWAA environment etl is ROLLING_BACK"):
        look()


def test_a_refused_lookup_has_no_hint_about_a_conf(
    adapter: Adapter, mwaa: FakeMwaa, look: Look
) -> None:
    mwaa.begin(*adapter.rejected_with("Invalid input for param x"))
    with pytest.raises(CommandRejected) as caught:
        look()
    assert "conf" not in str(caught.value)


def test_a_timeout_that_is_too_short_is_not_retried(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, look: Look
) -> None:
    clock.end = 14.9
    with pytest.raises(CommandRejected, match="timeout of the function is too short"):
        look()
    assert mwaa.operations == []


def test_a_denied_lookup_is_not_repeated(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, look: Look
) -> None:
    mwaa.begin(*adapter.denied())
    with pytest.raises(AccessDenied):
        look()
    assert clock.pauses == []
