"""Every transport: retries and redrives, after which the outcome of earlier attempts is unknown."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.errors import DagNotFound, MwaaBusy, OutcomeUnknown

from tests.support.adapter import CONF, RUN_ID, Adapter
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa
from tests.support.steps import error

each_way_to_come_again = pytest.mark.parametrize(
    "again",
    [
        pytest.param({"retry_count": 1}, id="retry"),
        pytest.param({"redrive_count": 1}, id="redrive"),
    ],
)


@each_way_to_come_again
def test_no_failure_is_certain_after_an_earlier_attempt(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.denied(), *adapter.absent())
    with pytest.raises(
        OutcomeUnknown, match=rf"An earlier attempt .* {adapter.denial}.* is not known"
    ):
        handle_over(run_id=RUN_ID, **again)


@each_way_to_come_again
def test_it_never_reports_that_nothing_was_created(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaBusy, match=r"An earlier attempt .* is not known") as caught:
        handle_over(run_id=RUN_ID, **again)
    assert "This attempt created no DAG run" not in str(caught.value)


@each_way_to_come_again
def test_the_run_of_a_deleted_dag_is_found(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    """Airflow triggers no DAG whose file has gone, but keeps its runs."""
    mwaa.begin(*adapter.unknown_dag(), *adapter.found())
    assert handle_over(run_id=RUN_ID, mwaa_dag_conf=CONF, **again)["created"] is False


@each_way_to_come_again
@pytest.mark.parametrize("look", ["absent", "absent_dag"])
def test_an_unknown_dag_without_the_run_is_certain(
    look: str, again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.unknown_dag(), *getattr(adapter, look)())
    with pytest.raises(DagNotFound):
        handle_over(run_id=RUN_ID, **again)
