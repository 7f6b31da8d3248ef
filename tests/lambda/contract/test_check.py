"""Every transport: check a DAG run while an execution waits until it ends."""

from __future__ import annotations

from typing import Any, Protocol

import pytest
from mwaa_dags_trigger.errors import DagRunFailed, DagRunTimedOut, InvalidRequest
from mwaa_dags_trigger.request import parse

from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle
from tests.support.transports.adapter import RUN_ID, Adapter, result
from tests.support.transports.adapters import every_version

BEGUN, ENDED = "2026-11-23T18:41:10.250000+00:00", "2026-11-23T18:42:11.500000+00:00"
RUN = f"DAG run {RUN_ID} of DAG demo in MWAA environment etl"
ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"


class Check(Protocol):
    """A function that checks the run, triggered at 10:00:00 with a timeout of an hour."""

    def __call__(
        self, checked_at: str = "2026-01-01T10:00:15Z", **fields: object
    ) -> dict[str, Any]: ...


@pytest.fixture
def check(handle_over: Handle) -> Check:
    def check(checked_at: str = "2026-01-01T10:00:15Z", **fields: object) -> dict[str, Any]:
        waiting = {"triggered_at": "2026-01-01T10:00:00.000Z", "timeout_seconds": 3600}
        event = {**waiting, "checked_at": checked_at, **fields}
        return handle_over(action="check", dag_run_id=RUN_ID, execution_arn=ARN, **event)

    return check


def test_a_successful_run_shows_its_duration(
    adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("success", BEGUN, ENDED))
    dates = {"start_date": BEGUN, "end_date": ENDED, "duration_seconds": 61.25}
    assert check() == result(adapter, state="success", final=True, **dates)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_in_progress_takes_one_lookup(
    state: str, adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state(state, None, None))
    shown = check()
    assert (shown["state"], shown["final"], shown["duration_seconds"]) == (state, False, None)
    assert adapter.airflow_calls(mwaa) == adapter.lookup


# Failed -----------------------------------------------------------------------------------------


def test_a_failed_run_is_an_error_that_names_the_failed_tasks(
    adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    states = {"extract": "success", "load": "failed", "notify": "upstream_failed", "copy": "failed"}
    mwaa.begin(*adapter.run_in_state("failed", BEGUN, ENDED))
    looked = len(mwaa.remaining_steps)
    mwaa.add(*adapter.tasks(states))
    with pytest.raises(DagRunFailed) as caught:
        check()
    assert str(caught.value) == (
        f"{RUN} has failed in the tasks load, copy. Clear its failed tasks in Airflow to continue the same "
        "DAG run, then redrive the execution to wait for it again. "
        f"(execution {ARN}, run id {RUN_ID})"
    )
    assert adapter.airflow_calls(mwaa)[looked:] == adapter.failed_tasks_query


def test_at_most_ten_failed_tasks_are_named(adapter: Adapter, mwaa: FakeMwaa, check: Check) -> None:
    tasks = adapter.tasks({f"t{number}": "failed" for number in range(12)})
    mwaa.begin(*adapter.run_in_state("failed", BEGUN, ENDED), *tasks)
    with pytest.raises(DagRunFailed, match=r"in the tasks t0, .*t9 and 2 more\. "):
        check()


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        pytest.param("a\nb\r\u2028c", r"a\nb\r\u2028c", id="line breaks"),
        pytest.param("\x1b[2K\u202egnp", r"\x1b[2K\u202egnp", id="control characters"),
        pytest.param("x" * 81, "x" * 80 + "…", id="long"),
        pytest.param("lädt.été-1", "lädt.été-1", id="letters beyond ASCII"),
    ],
)
def test_the_id_of_a_task_is_escaped_and_shortened(
    task: str, shown: str, adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("failed", BEGUN, ENDED), *adapter.tasks({task: "failed"}))
    with pytest.raises(DagRunFailed) as caught:
        check()
    assert f" has failed in the task {shown}. Clear" in str(caught.value)


@pytest.mark.parametrize("answered", ["nothing", "no failed task"])
def test_a_run_without_known_failed_tasks_has_failed(
    answered: str, adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    none = adapter.gateway_timeout() if answered == "nothing" else adapter.tasks({"a": "success"})
    mwaa.begin(*adapter.run_in_state("failed", BEGUN, ENDED), *none)
    with pytest.raises(DagRunFailed, match=r"has failed\. Clear"):
        check()


def test_a_failed_run_has_not_timed_out(adapter: Adapter, mwaa: FakeMwaa, check: Check) -> None:
    mwaa.begin(*adapter.run_in_state("failed", BEGUN, ENDED), *adapter.tasks({"work": "failed"}))
    with pytest.raises(DagRunFailed, match="in the task work"):
        check("2026-01-02T10:00:00Z")


# Timed out --------------------------------------------------------------------------------------


def test_a_run_in_progress_after_the_timeout_is_an_error(
    adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("running", None, None))
    with pytest.raises(DagRunTimedOut) as caught:
        check("2026-01-01T11:00:00.700Z")
    assert str(caught.value) == (
        f"{RUN} is running after 3601 s, and timeout_seconds is 3600. The execution stopped waiting. The "
        "DAG run is still running. Redrive the execution to wait for the same time again. "
        f"(execution {ARN}, run id {RUN_ID})"
    )


@every_version
@pytest.mark.parametrize(
    ("paused", "says"),
    [
        pytest.param(
            True, "has not started, because its DAG is paused: unpause the DAG.", id="paused"
        ),
        pytest.param(False, "has not started.", id="not paused"),
    ],
)
def test_the_timeout_of_a_queued_run_reports_a_paused_dag(
    paused: bool, says: str, adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("queued", None, None), *adapter.dag(paused=paused))
    with pytest.raises(DagRunTimedOut, match=f"The DAG run {says} Redrive"):
        check("2026-01-01T12:00:00Z")
    assert adapter.airflow_calls(mwaa) == [*adapter.lookup, *adapter.dag_query]


def test_the_timeout_is_reported_without_knowing_whether_the_dag_is_paused(
    adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("queued", None, None), *adapter.gateway_timeout())
    with pytest.raises(DagRunTimedOut, match=r"The DAG run has not started\. Redrive"):
        check("2026-01-01T12:00:00Z")


@pytest.mark.parametrize(
    ("times", "late"),
    [
        pytest.param({"checked_at": "2026-01-01T11:00:00Z"}, False, id="to the second"),
        pytest.param({"checked_at": "2026-01-01T11:00:00.001Z"}, True, id="a moment later"),
        pytest.param({"checked_at": "2026-01-01T12:00:00+01:00"}, False, id="an offset of its own"),
        pytest.param(
            {"checked_at": "2026-01-01T23:00:00Z", "redriven_at": "2026-01-01T22:00:00.000Z"},
            False,
            id="since the redrive",
        ),
        pytest.param(
            {"checked_at": "2026-01-01T23:00:01Z", "redriven_at": "2026-01-01T22:00:00.000Z"},
            True,
            id="too long since the redrive",
        ),
        pytest.param(
            {"checked_at": "2026-01-01T11:00:00Z", "redriven_at": "2026-01-01T09:00:00.000Z"},
            False,
            id="a redrive before the trigger",
        ),
    ],
)
def test_the_timeout_starts_with_the_trigger_or_the_last_redrive(
    times: dict[str, str], late: bool, adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("running", None, None))
    if late:
        with pytest.raises(DagRunTimedOut):
            check(**times)
    else:
        assert check(**times)["final"] is False


def test_a_run_that_succeeded_after_the_timeout_is_a_success(
    adapter: Adapter, mwaa: FakeMwaa, check: Check
) -> None:
    mwaa.begin(*adapter.run_in_state("success", BEGUN, ENDED))
    assert check("2026-01-02T10:00:00Z")["state"] == "success"


# The event --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"dag_run_id": None}, "dag_run_id", id="no run"),
        pytest.param({"triggered_at": None}, "triggered_at", id="no trigger"),
        pytest.param({"triggered_at": "yesterday"}, "triggered_at", id="no time"),
        pytest.param({"triggered_at": "2026-01-01T10:00:00"}, "triggered_at", id="no offset"),
        pytest.param({"triggered_at": 1767261600}, "triggered_at", id="a number"),
        pytest.param({"redriven_at": ""}, "redriven_at", id="no time of a redrive"),
        pytest.param({"checked_at": None}, "checked_at", id="no look"),
        pytest.param({"timeout_seconds": None}, "timeout_seconds", id="no limit"),
        pytest.param({"timeout_seconds": 0}, "timeout_seconds", id="limit of 0"),
        pytest.param({"timeout_seconds": "60"}, "timeout_seconds", id="limit a string"),
        pytest.param({"timeout_seconds": True}, "timeout_seconds", id="limit a boolean"),
    ],
)
def test_a_wrong_field_of_a_check_is_named(fields: dict[str, Any], named: str) -> None:
    right = {
        "action": "check",
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": RUN_ID,
        "triggered_at": "2026-01-01T10:00:00Z",
        "checked_at": "2026-01-01T10:00:15Z",
        "timeout_seconds": 3600,
    }
    parse(right)
    with pytest.raises(InvalidRequest) as caught:
        parse({**right, **fields})
    assert str(caught.value).startswith(f"{named} must ")
