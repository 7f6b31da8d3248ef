"""Every transport: refusals, and failures after which nothing was created."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    RunIdConflict,
)

from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import error
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle, Trigger
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK
from tests.support.transports.adapter import RUN_ID, Adapter
from tests.support.transports.adapters import every_version

UNREADY = ["UPDATING", "ROLLING_BACK", "MAINTENANCE", "CREATING_SNAPSHOT", "SOMETHING_NEW"]

# Failures before any run -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((429, "ThrottlingException"), id="429"),
        pytest.param((400, "ThrottlingException"), id="400"),
        pytest.param((429, "Unknown"), id="no code"),
        pytest.param((400, "TooManyRequestsException"), id="TooManyRequests"),
    ],
)
def test_a_throttled_call_is_repeated_without_a_lookup(
    answer: tuple[int, str], adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    throttled = error(adapter.throttles, *answer)
    mwaa.begin(throttled, throttled, *adapter.created())
    assert trigger()["created"] is True
    assert set(adapter.airflow_calls(mwaa)) == set(adapter.trigger)
    assert mwaa.operations.count(adapter.throttles) == 3
    assert 1 <= clock.pauses[0] <= 2 <= clock.pauses[1] <= 4


def test_a_call_that_stays_throttled_is_busy(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*[error(adapter.throttles, 429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaBusy, match=r"ThrottlingException.* This attempt created no DAG run"):
        trigger()
    assert mwaa.operations.count(adapter.throttles) == 4


def test_an_environment_without_a_web_server_is_not_ready(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.environment_fields.update(Status="CREATING", WebserverUrl=None)
    with pytest.raises(
        EnvironmentNotReady, match=r"status is CREATING.* This attempt created no DAG run"
    ):
        trigger()
    assert adapter.airflow_calls(mwaa) == []


@pytest.mark.parametrize("status", ["UPDATING", "MAINTENANCE", "ROLLING_BACK", "SOMETHING_NEW"])
def test_an_environment_with_a_web_server_is_used_with_any_status(
    status: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.created())
    mwaa.environment_fields["Status"] = status
    assert trigger()["created"] is True


def test_a_denied_trigger_is_not_repeated(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.denied())
    with pytest.raises(AccessDenied, match=adapter.denial):
        trigger()
    assert clock.pauses == []


@every_version
def test_an_unknown_dag_needs_no_lookup(adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger) -> None:
    mwaa.begin(*adapter.unknown_dag())
    with pytest.raises(DagNotFound) as caught:
        trigger()
    assert "MWAA environment etl does not know DAG demo. Check" in str(caught.value)
    assert "Airflow needs a moment to parse a new DAG file" in str(caught.value)
    assert adapter.airflow_calls(mwaa) == adapter.trigger


@pytest.mark.parametrize("status", UNREADY)
def test_an_unknown_dag_is_not_final_while_the_environment_changes(
    status: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    """Airflow may not know its DAGs during an upgrade (apache/airflow#48234, #45362)."""
    mwaa.begin(*adapter.unknown_dag())
    mwaa.environment_fields["Status"] = status
    with pytest.raises(
        EnvironmentNotReady, match=rf"know DAG demo\..* is {status}\..* created no DAG run"
    ):
        trigger()


@every_version
def test_a_refused_trigger_is_rejected_without_another_attempt(
    adapter: Adapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected(), *adapter.absent())
    with pytest.raises(CommandRejected, match="Airflow in MWAA environment etl refused the c"):
        trigger()
    assert clock.pauses == []
    assert adapter.airflow_calls(mwaa) == [*adapter.trigger, *adapter.failed_lookup]


def test_an_existing_run_counts_more_than_an_error(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected(), *adapter.found())
    assert trigger()["created"] is False


def test_a_refusal_whose_lookups_all_fail_is_not_certain(
    adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    """Airflow may have created the run before it failed."""
    busy = next(iter(adapter.busy.values()))(adapter.version)
    mwaa.begin(*[*adapter.rejected(), busy] * 4)
    with pytest.raises(MwaaBusy, match=r"refused the c.* failed: .* busy .* is not known"):
        trigger()


# The conf ---------------------------------------------------------------------------------------


def test_a_run_with_another_conf_is_a_conflict(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    mwaa.begin(
        *[taken(adapter.version) for taken in adapter.already_exists.values()][:1], *adapter.found()
    )
    with pytest.raises(RunIdConflict, match="with another conf"):
        handle_over(run_id=RUN_ID, mwaa_dag_conf={"k": "other"})


def test_no_value_of_the_conf_is_shown(
    adapter: Adapter, mwaa: FakeMwaa, handle_over: Handle
) -> None:
    """In a log, the fixture `no_secret_in_any_log` looks for it."""
    mwaa.begin(*adapter.rejected_with(f"{CONF_MARK} is not {NUMBER_MARK}"), *adapter.absent())
    with pytest.raises(CommandRejected, match="Airflow's message may quote the conf") as caught:
        handle_over(run_id=RUN_ID, mwaa_dag_conf={"a": CONF_MARK, "b": NUMBER_MARK})
    assert not [secret for secret in MARKS if secret in str(caught.value)]
