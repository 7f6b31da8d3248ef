"""Every transport: retries and redrives, after which the outcome of earlier attempts is unknown."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.actions.trigger import MAY_EXIST, NOTHING_CREATED
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    MwaaBusy,
    TriggerError,
)

from tests.support.fake_mwaa.responses import error
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle
from tests.support.transports.adapter import CONF, RUN_ID, Adapter

CAUSES: dict[str, type[TriggerError]] = {
    "denied": AccessDenied,
    "rejected": CommandRejected,
    "unknown_dag": DagNotFound,
}

each_way_to_come_again = pytest.mark.parametrize(
    "again",
    [
        pytest.param({"retry_count": 1}, id="retry"),
        pytest.param({"redrive_count": 1}, id="redrive"),
    ],
)


@each_way_to_come_again
@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_that_was_not_corrected_is_reported_again(
    cause: str, again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*getattr(adapter, cause)(), *adapter.absent())
    with pytest.raises(CAUSES[cause]) as caught:
        handle_over(run_id=RUN_ID, **again)
    refusal, separator, _ = str(caught.value).partition(MAY_EXIST)
    assert refusal and separator
    assert adapter.airflow_calls(mwaa).count(adapter.trigger[0]) <= len(adapter.denied())


@each_way_to_come_again
def test_a_denied_lookup_hides_no_refusal(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.denied() * 2)
    with pytest.raises(AccessDenied) as caught:
        handle_over(run_id=RUN_ID, **again)
    assert str(caught.value).count(adapter.denial) == 1
    assert MAY_EXIST in str(caught.value)


@each_way_to_come_again
def test_it_never_reports_that_nothing_was_created(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaBusy, match=r"ThrottlingException.* is not known") as caught:
        handle_over(run_id=RUN_ID, **again)
    assert NOTHING_CREATED not in str(caught.value)


@each_way_to_come_again
def test_the_run_of_a_deleted_dag_is_found(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    """Airflow triggers no DAG whose file has gone, but keeps its runs."""
    mwaa.begin(*adapter.unknown_dag(), *adapter.found())
    assert handle_over(run_id=RUN_ID, mwaa_dag_conf=CONF, **again)["created"] is False


@each_way_to_come_again
def test_an_unknown_dag_is_reported_once(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.unknown_dag(), *adapter.absent_dag())
    with pytest.raises(DagNotFound) as caught:
        handle_over(run_id=RUN_ID, **again)
    assert str(caught.value).count("does not know DAG demo") == 1
