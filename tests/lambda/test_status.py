"""What every transport must do: say how far a DAG run is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    DagNotFound,
    DagRunNotFound,
    MwaaUnavailable,
    TriggerError,
)

from tests.support.adapter import RUN_ID, Adapter
from tests.support.clock import Clock
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa

BEGUN, ENDED = "2026-11-23T18:41:10.198031+00:00", "2026-11-23T18:41:11.785593+00:00"

Status = Callable[[], dict[str, Any]]


@pytest.fixture
def status(handle_over: Handle) -> Status:
    return lambda: handle_over(action="status", dag_run_id=RUN_ID)


def test_a_run_that_has_ended_is_final(adapter: Adapter, mwaa: FakeMwaa, status: Status) -> None:
    mwaa.begin(*adapter.shown("success", BEGUN, ENDED))
    assert status() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": RUN_ID,
        "state": "success",
        "start_date": BEGUN,
        "end_date": ENDED,
        "final": True,
        "airflow_version": adapter.version,
        "transport": adapter.transport,
    }


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
    status: Status,
) -> None:
    mwaa.begin(*adapter.shown(*shown))
    result = status()
    assert (result["state"], result["start_date"], result["end_date"]) == shown
    assert result["final"] is final


def test_an_unknown_run_is_an_error(adapter: Adapter, mwaa: FakeMwaa, status: Status) -> None:
    mwaa.begin(*adapter.absent())
    with pytest.raises(
        DagRunNotFound, match=r"DAG demo in MWAA environment etl has no run sfn__r1\."
    ):
        status()


def test_an_unknown_dag_is_told_from_an_unknown_run(
    adapter: Adapter, mwaa: FakeMwaa, status: Status
) -> None:
    mwaa.begin(*adapter.absent_dag())
    with pytest.raises(DagNotFound, match="does not know DAG demo"):
        status()


def test_a_lost_answer_is_asked_for_again(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, status: Status
) -> None:
    mwaa.begin(*adapter.gateway_timeout(), *adapter.shown("running", None, None))
    assert status()["state"] == "running"
    assert 1 <= clock.pauses[0] <= 2


def test_an_answer_that_stays_lost_has_started_nothing(
    adapter: Adapter, mwaa: FakeMwaa, status: Status
) -> None:
    mwaa.begin(*adapter.gateway_timeout() * 4)
    with pytest.raises(MwaaUnavailable, match=r"HTTP 504.* state of the DAG run could not be read"):
        status()
    assert adapter.asked(mwaa) == adapter.look[:1] * 4


def test_a_refusal_is_not_asked_for_again(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, status: Status
) -> None:
    mwaa.begin(*adapter.denied())
    with pytest.raises(AccessDenied):
        status()
    assert clock.pauses == []


def test_its_errors_name_the_run(adapter: Adapter, mwaa: FakeMwaa, status: Status) -> None:
    mwaa.begin(*adapter.absent())
    with pytest.raises(TriggerError, match=r"\(run id sfn__r1\)$"):
        status()
