"""Look up a run over InvokeRestApi, by its path or by a search."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    CommandRejected,
    DagNotFound,
    MwaaUnavailable,
    Outcome,
    OutcomeUnknown,
)
from mwaa_dags_trigger.fields import MAX_CONF_BYTES
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.base import DagRun
from mwaa_dags_trigger.transports.rest import RestTransport

from sandbox.mwaa.http import Response
from sandbox.mwaa.releases import DEFAULT, RELEASES
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, after, web
from tests.support.fake_mwaa.server import Call, FakeMwaa, Operation
from tests.support.transports.adapter import CONF, RUN_ID
from tests.support.transports.rest_adapter import RestAdapter, recorded_response, run

LIST = "POST /dags/~/dagRuns/list"
LONG = "x" * 50
ONE_VERSION = pytest.mark.parametrize("rest", [DEFAULT], indirect=True)
every_version = pytest.mark.parametrize("rest", RELEASES, indirect=True)


class Find(Protocol):
    """A function that looks up a DAG run."""

    def __call__(self, run_id: str = RUN_ID, dag: str = "demo") -> DagRun | None: ...


@pytest.fixture
def find(rest_transport: RestTransport, deadline: Deadline) -> Find:
    def find(run_id: str = RUN_ID, dag: str = "demo") -> DagRun | None:
        asked = RunKey(mwaa_env_name="etl", mwaa_dag_name=dag, dag_run_id=run_id)
        return rest_transport.find(asked, deadline)

    return find


def state(found: DagRun | None) -> str | None:
    return found.state if found else None


@every_version
def test_a_run_is_found_with_its_conf_and_dates(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    recorded = transcripts.rest(rest.version, "finished").response
    mwaa.begin(recorded_response("finished")(rest.version))
    assert find("x8", "onboarding") == DagRun(
        state="success",
        airflow_version=rest.version,
        conf=CONF,
        start_date=recorded["start_date"],
        end_date=recorded["end_date"],
    )
    assert mwaa.paths == ["GET /dags/onboarding/dagRuns/x8"]


def test_an_unknown_run_is_none(rest: RestAdapter, mwaa: FakeMwaa, find: Find) -> None:
    mwaa.begin(
        recorded_response("unknown run")(rest.version), recorded_response("dag")(rest.version)
    )
    assert find("nosuch") is None


@every_version
def test_a_run_of_an_unknown_dag_is_dag_not_found(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(
        recorded_response("run of unknown dag")(rest.version),
        recorded_response("no dag")(rest.version),
    )
    with pytest.raises(DagNotFound):
        find(RUN_ID, "nosuch")


@pytest.mark.parametrize(
    "body", [{"detail": "Not Found"}, {"detail": "r12 of ar1"}, "<html>", None, {"detail": ["x"]}]
)
def test_a_404_that_does_not_name_the_run_leaves_it_unknown(
    body: object, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(web(404, body))
    with pytest.raises(CommandRejected) as caught:
        find()
    assert caught.value.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("dag", "path"),
    [
        pytest.param("d" * 19, f"GET /dags/{'d' * 19}/dagRuns/{'r' * 30}", id="64"),
        pytest.param("d" * 20, LIST, id="65"),
    ],
)
def test_a_path_of_over_64_characters_is_replaced_by_a_search(
    dag: str, path: str, rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    run_id = "r" * 30
    there = run(rest.version, run_id, dag_id=dag)
    mwaa.begin(web(200, {"dag_runs": [there], "total_entries": 1} if path == LIST else there))
    assert state(find(run_id, dag)) == "queued"
    assert mwaa.paths == [path]
    assert all(len(call["Path"]) <= 64 for call in mwaa.rest_calls)


@every_version
def test_the_body_of_a_search_is_the_recorded_body_of_this_version(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    recorded = transcripts.rest(rest.version, "list")
    assert len(recorded.response["dag_runs"]) == recorded.response["total_entries"]  # the last page
    mwaa.begin(recorded_response("list")(rest.version), recorded_response("dag")(rest.version))
    assert find(LONG) is None
    assert mwaa.rest_calls[0]["Body"] == recorded.body


@every_version
def test_an_empty_list_for_an_unknown_dag_is_dag_not_found(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(
        recorded_response("list unknown dag")(rest.version),
        recorded_response("no dag")(rest.version),
    )
    with pytest.raises(DagNotFound):
        find(LONG, "nosuch")


def pages(version: str, count: int, *, at_most: int = 500, **fields: object) -> ScriptedResponse:
    """Return the responses to the list call of a DAG with many runs, of which `LONG` was created first."""
    ids = [*(f"r{number}" for number in range(count, 1, -1)), LONG]
    template = run(version, "")

    def page(_: FakeMwaa, call: Call) -> Response:
        asked = json.loads(call.request.body)
        body = asked["Body"]
        assert (asked["Path"], body["order_by"]) == ("/dags/~/dagRuns/list", "-id")
        begin = body["page_offset"]
        shown = ids[begin : begin + min(body["page_limit"], at_most)]
        runs = [{**template, "dag_run_id": run_id, **fields} for run_id in shown]
        return passed_on({"dag_runs": runs, "total_entries": len(ids)})

    return ScriptedResponse(Operation.INVOKE_REST_API, page)


def passed_on(body: object) -> Response:
    answer = {"RestApiStatusCode": 200, "RestApiResponse": body}
    return Response(200, json.dumps(answer).encode())


@ONE_VERSION
def test_a_dag_with_ten_thousand_runs_is_searched(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(*[pages(rest.version, 10_000)] * 100)
    assert state(find(LONG)) == "queued"
    assert len(mwaa.rest_calls) <= 25
    mwaa.begin()


@ONE_VERSION
def test_the_newest_runs_are_found_in_one_call(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(pages(rest.version, 20))
    assert state(find(LONG)) == "queued"
    assert len(mwaa.rest_calls) == 1


@ONE_VERSION
def test_pages_shrink_for_runs_with_large_confs(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    large = {"k": "x" * (MAX_CONF_BYTES - 10)}
    mwaa.begin(*[pages(rest.version, 60, conf=large)] * 10)
    assert state(find(LONG)) == "queued"
    sizes = [call["Body"]["page_limit"] for call in mwaa.rest_calls]
    assert all(size * MAX_CONF_BYTES < 6_000_000 for size in sizes)
    mwaa.begin()


@ONE_VERSION
def test_pages_that_the_server_cuts_short_are_all_read(
    rest: RestAdapter, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(*[pages(rest.version, 50, at_most=7)] * 8)
    assert state(find(LONG)) == "queued"
    assert len(mwaa.rest_calls) == 8


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"dag_runs": []},
        {"total_entries": 0},
        {"dag_runs": None, "total_entries": 0},
        {"dag_runs": [], "total_entries": None},
        [],
        "",
        None,
    ],
)
def test_an_unreadable_page_leaves_the_run_unknown(
    page: object, mwaa: FakeMwaa, find: Find
) -> None:
    mwaa.begin(web(200, page))
    with pytest.raises(OutcomeUnknown):
        find(LONG)


@ONE_VERSION
def test_a_search_that_runs_out_of_time_reports_its_progress(
    rest: RestAdapter, mwaa: FakeMwaa, clock: Clock, find: Find
) -> None:
    slow: Callable[[], None] = lambda: clock.sleep(100)  # noqa: E731
    mwaa.begin(*[after(slow, pages(rest.version, 10_000))] * 3)
    with pytest.raises(
        CommandRejected, match=r"after checking 1020 of 10000 runs.* at most 49 characters"
    ):
        find(LONG)


def test_no_lookup_starts_without_enough_time(mwaa: FakeMwaa, clock: Clock, find: Find) -> None:
    clock.end = 19.9
    with pytest.raises(MwaaUnavailable, match="ran out of time"):
        find()
    assert mwaa.rest_calls == []
