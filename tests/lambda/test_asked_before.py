"""What every transport must do in a retry and in a redrive, which have asked before."""

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
def test_it_says_nothing_certain_of_the_tries_before(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.denied(), *adapter.absent())
    with pytest.raises(OutcomeUnknown, match=rf"An earlier try .* {adapter.denial}.* is not known"):
        handle_over(run_id=RUN_ID, **again)


@each_way_to_come_again
def test_it_never_says_that_nothing_was_made(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaBusy, match=r"An earlier try .* is not known") as caught:
        handle_over(run_id=RUN_ID, **again)
    assert "This try made no DAG run" not in str(caught.value)


@each_way_to_come_again
def test_it_finds_the_run_of_a_dag_that_is_no_longer_there(
    again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    """Airflow triggers no DAG whose file has gone, but keeps its runs."""
    mwaa.begin(*adapter.unknown_dag(), *adapter.found())
    assert handle_over(run_id=RUN_ID, mwaa_dag_conf=CONF, **again)["created"] is False


@each_way_to_come_again
@pytest.mark.parametrize("look", ["absent", "absent_dag"])
def test_it_knows_that_an_unknown_dag_without_the_run_made_none(
    look: str, again: dict[str, int], adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(*adapter.unknown_dag(), *getattr(adapter, look)())
    with pytest.raises(DagNotFound):
        handle_over(run_id=RUN_ID, **again)
