"""One request makes one DAG run over REST too, whatever InvokeRestApi answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.config
import botocore.session
import pytest
from botocore import exceptions
from mwaa_dags_trigger import rest as rest_module
from mwaa_dags_trigger.deadline import LEAST_S, LOOK_S, REPORT_S, Deadline
from mwaa_dags_trigger.environment import READ_S, Environments
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
)
from mwaa_dags_trigger.request import MAX_CONF_BYTES, Request
from mwaa_dags_trigger.rest import RestTransport
from mwaa_dags_trigger.transport import Unclear

VERSIONS = ["2.11.2", "3.0.6", "3.3.1"]
MAJOR_3 = ["3.0.6", "3.3.1"]
# For what does not depend on the version.
ONE_VERSION = pytest.mark.parametrize("version", ["3.3.1"], indirect=True)
CONF = {"k": "v"}  # that of the transcripts
POST = "POST /dags/demo/dagRuns"
GET = "GET /dags/demo/dagRuns/x1"
DAG = "GET /dags/demo"
LIST = "POST /dags/~/dagRuns/list"


class Airflow:
    """What one Airflow version answers to the calls of a trigger of `x1`."""

    def __init__(self, version: str, rest: Any, transcripts: Any) -> None:
        self.version, self.major = version, int(version[0])
        self._rest, self._transcripts = rest, transcripts

    def answer(self, case: str) -> Any:
        return self._transcripts(self.version, case)["answer"]

    def says(self, case: str) -> Any:
        return self._rest.says(self._transcripts(self.version, case)["status"], self.answer(case))

    def run(self, run_id: str, **fields: Any) -> dict[str, Any]:
        return {**self.answer("run"), "dag_run_id": run_id, **fields}

    @property
    def absent(self) -> list[Any]:
        unknown = json.loads(json.dumps(self.answer("unknown run")).replace("nosuch", "x1"))
        return [self._rest.says(404, unknown), self.says("dag")]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def airflow(version: str, rest: Any, api: Any, rest_transcripts: Any) -> Airflow:
    api.environments["etl"]["AirflowVersion"] = version
    return Airflow(version, rest, rest_transcripts)


@pytest.fixture
def trigger(handle_rest: Callable[..., dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    return lambda: handle_rest(mwaa_dag_conf=CONF, run_id="x1")


def request(run_id: str = "x1", dag: str = "demo") -> Request:
    return Request(mwaa_env_name="etl", mwaa_dag_name=dag, dag_run_id=run_id, conf=CONF)


# A trigger that goes well -----------------------------------------------------------------------


def test_a_trigger_that_goes_well_is_one_call(
    rest: Any, api: Any, airflow: Airflow, version: str, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.append(airflow.says("created"))
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "x1",
        "state": "queued",
        "created": True,
        "airflow_version": version,
        "transport": "rest",
    }
    assert rest.paths == [POST]
    assert api.calls == ["GetEnvironment", "InvokeRestApi"]


def test_the_body_is_the_one_that_this_airflow_took(
    rest: Any,
    airflow: Airflow,
    version: str,
    rest_transcripts: Any,
    trigger: Callable[[], dict[str, Any]],
) -> None:
    rest.script.append(airflow.says("created"))
    trigger()
    assert rest.calls[0]["Body"] == rest_transcripts(version, "created")["body"]
    assert ("logical_date" in rest.calls[0]["Body"]) == (airflow.major >= 3)


def test_a_warm_trigger_asks_for_nothing_else(
    rest: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("created")] * 2)
    trigger()
    api.calls.clear()
    trigger()
    assert api.calls == ["InvokeRestApi"]


@pytest.mark.parametrize("version", ["2.3.4", "1.10.12"], indirect=True)
def test_an_airflow_before_invoke_rest_api_is_refused(
    version: str, rest: Any, api: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    api.environments["etl"]["AirflowVersion"] = version
    with pytest.raises(CommandRejected, match=rf"runs Airflow {version}; InvokeRestApi needs 2\.4"):
        trigger()
    assert rest.calls == []


# What leaves it unclear -------------------------------------------------------------------------

DOUBTS: dict[str, Callable[[Any, Airflow], Any]] = {
    "500": lambda rest, _: rest.says(500, "Internal Server Error"),
    "502": lambda rest, _: rest.says(502, "<html>Bad gateway</html>"),
    "503": lambda rest, _: rest.says(503, None),
    "504": lambda rest, _: rest.says(504, {"detail": None}),
    "408": lambda rest, _: rest.says(408, ""),
    "302": lambda rest, _: rest.says(302, ""),
    "200 for another run": lambda rest, airflow: rest.says(200, airflow.run("x2")),
    "200 for another DAG": lambda rest, airflow: rest.says(200, airflow.run("x1", dag_id="d")),
    "200 with a text": lambda rest, _: rest.says(200, "<html>Login</html>"),
    "200 with a list": lambda rest, _: rest.says(200, [1]),
    "no status": lambda rest, _: rest.refuses(400, "RestApiServerException"),
    "internal error": lambda rest, _: rest.refuses(500, "InternalServerException"),
    "unknown error": lambda rest, _: rest.refuses(400, "SomethingNew"),
    "413": lambda rest, _: rest.refuses(413, "413"),
    "503 of AWS": lambda rest, _: rest.refuses(503, "ServiceUnavailable"),
    "time out": lambda rest, _: rest.breaks(exceptions.ReadTimeoutError(endpoint_url="x")),
    "hung up": lambda rest, _: rest.breaks(exceptions.ConnectionClosedError(endpoint_url="x")),
    "TLS": lambda rest, _: rest.breaks(exceptions.SSLError(endpoint_url="x", error="x")),
    "run id taken": lambda _, airflow: airflow.says("duplicate"),
}
BUSY: dict[str, Callable[[Any, Airflow], Any]] = {
    "429": lambda rest, _: rest.says(429, {"detail": "Too many requests"}),
}


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_after_a_doubt_a_run_that_is_there_is_a_success(
    doubt: str, rest: Any, airflow: Airflow, version: str, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([{**DOUBTS, **BUSY}[doubt](rest, airflow), airflow.says("run")])
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "x1",
        "state": "queued",
        "created": False,
        "airflow_version": version,
        "transport": "rest",
        "conf_compared": True,
    }
    assert rest.paths == [POST, GET]


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_after_a_doubt_a_run_that_is_not_there_is_asked_for_again(
    doubt: str, rest: Any, airflow: Airflow, time: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    step = {**DOUBTS, **BUSY}[doubt](rest, airflow)
    rest.script.extend([step, *airflow.absent, airflow.says("created")])
    assert trigger()["created"] is True
    assert rest.paths == [POST, GET, DAG, POST]
    assert rest.calls[0] == rest.calls[3]  # the same run id, which Airflow takes once
    assert 1 <= time.pauses[0] <= 2


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubt_that_stays_is_outcome_unknown(
    doubt: str, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(4):
        rest.script.extend([DOUBTS[doubt](rest, airflow), *airflow.absent])
    with pytest.raises(OutcomeUnknown, match="MWAA environment etl"):
        trigger()
    assert rest.paths == [POST, GET, DAG] * 4


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_a_doubt_without_a_look_is_outcome_unknown(
    doubt: str, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    step = {**DOUBTS, **BUSY}[doubt](rest, airflow)
    rest.script.extend([step, *[rest.says(500, "oops")] * 3])
    with pytest.raises(OutcomeUnknown, match="retry with the same run id is safe"):
        trigger()
    assert rest.paths == [POST, GET, GET, GET]


def test_a_run_with_another_conf_is_a_conflict(
    rest: Any, airflow: Airflow, handle_rest: Callable[..., dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("duplicate"), airflow.says("run")])
    with pytest.raises(RunIdConflict, match="Nothing was made"):
        handle_rest(run_id="x1", mwaa_dag_conf={"k": "other"})


@pytest.mark.parametrize("shown", [{}, None])
def test_a_run_without_conf_has_an_empty_one(
    shown: Any, rest: Any, airflow: Airflow, handle_rest: Callable[..., dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("duplicate"), rest.says(200, airflow.run("x1", conf=shown))])
    assert handle_rest(run_id="x1")["conf_compared"] is True


@pytest.mark.parametrize("version", ["2.11.2"], indirect=True)
def test_a_taken_date_does_not_mean_that_the_run_is_there(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("date taken"), *airflow.absent, airflow.says("created")])
    assert trigger()["created"] is True


@pytest.mark.parametrize("version", ["2.11.2"], indirect=True)
def test_a_date_that_stays_taken_started_nothing(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("date taken"), *airflow.absent] * 4)
    with pytest.raises(MwaaUnavailable, match=r"has taken the date\. This try started nothing"):
        trigger()


@pytest.mark.parametrize("version", ["2.11.2"], indirect=True)
def test_a_taken_date_hides_no_run_that_is_there(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("date taken"), airflow.says("run")])
    assert trigger()["created"] is False


@pytest.mark.parametrize("version", MAJOR_3, indirect=True)
def test_a_taken_date_of_airflow_3_is_settled_by_the_look(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("date taken"), *airflow.absent, airflow.says("created")])
    assert trigger()["created"] is True


@ONE_VERSION
def test_once_in_doubt_a_refusal_does_not_hide_it(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    denied = rest.refuses(403, "AccessDeniedException")
    rest.script.extend([rest.says(504, ""), *airflow.absent, *[denied] * 3])
    with pytest.raises(OutcomeUnknown, match=r"HTTP 504.* The last try: AWS refused InvokeRestApi"):
        trigger()


@ONE_VERSION
def test_a_web_server_that_stays_busy_is_unavailable(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([BUSY["429"](rest, airflow), *airflow.absent] * 4)
    with pytest.raises(MwaaUnavailable, match=r"busy \(HTTP 429"):
        trigger()


@ONE_VERSION
def test_a_doubt_names_the_limits_and_the_private_web_server(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([rest.says(500, "oops"), *airflow.absent] * 4)
    with pytest.raises(OutcomeUnknown, match=r"6 MB that come within 10 s.* private web server"):
        trigger()


@ONE_VERSION
def test_after_a_doubt_an_update_is_named(
    rest: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def lost(call: Any) -> Any:
        api.environments["etl"]["Status"] = "UPDATING"
        return rest.says(502, "")(call)

    rest.script.append(lost)
    with pytest.raises(OutcomeUnknown, match="status is UPDATING"):
        trigger()


# What certainly started nothing -----------------------------------------------------------------


@pytest.mark.parametrize(
    "throttled",
    [
        pytest.param((429, "ThrottlingException"), id="429"),
        pytest.param((400, "ThrottlingException"), id="400"),
        pytest.param((429, "Unknown"), id="no code"),
        pytest.param((400, "TooManyRequestsException"), id="TooManyRequests"),
    ],
)
@ONE_VERSION
def test_a_throttled_call_is_made_again_without_a_look(
    throttled: Any, rest: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([rest.refuses(*throttled)] * 2 + [airflow.says("created")])
    assert trigger()["created"] is True
    assert rest.paths == [POST] * 3
    assert 1 <= time.pauses[0] <= 2 <= time.pauses[1] <= 4


@ONE_VERSION
def test_a_call_that_stays_throttled_is_unavailable(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([rest.refuses(429, "ThrottlingException")] * 4)
    with pytest.raises(MwaaUnavailable, match=r"ThrottlingException.* started nothing"):
        trigger()


@pytest.mark.parametrize(
    "error",
    [
        exceptions.EndpointConnectionError(endpoint_url="x"),
        exceptions.ConnectTimeoutError(endpoint_url="x"),
        exceptions.ProxyConnectionError(proxy_url="x"),
        exceptions.NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
@ONE_VERSION
def test_a_call_that_never_left_is_made_again_without_a_look(
    error: Exception, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([rest.breaks(error), airflow.says("created")])
    assert trigger()["created"] is True
    assert rest.paths == [POST] * 2


def test_an_unknown_dag_is_not_looked_for(
    rest: Any, airflow: Airflow, handle_rest: Callable[..., dict[str, Any]]
) -> None:
    rest.script.append(airflow.says("unknown dag"))
    with pytest.raises(DagNotFound, match=r"etl does not know DAG nosuch\. Check"):
        handle_rest(mwaa_dag_name="nosuch", run_id="x1")
    assert rest.paths == ["POST /dags/nosuch/dagRuns"]


@ONE_VERSION
@pytest.mark.parametrize("body", [{"detail": "Not Found"}, "<html>demo2 demo.py</html>", None])
def test_a_404_that_does_not_name_the_dag_is_no_word_of_airflows(
    body: Any, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([rest.says(404, body), *airflow.absent])
    with pytest.raises(CommandRejected, match="HTTP 404"):
        trigger()


@ONE_VERSION
def test_aws_denies_it(rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]) -> None:
    rest.script.append(rest.refuses(403, "AccessDeniedException"))
    with pytest.raises(AccessDenied, match="airflow:InvokeRestApi on role/etl/<Airflow role>"):
        trigger()
    assert rest.paths == [POST]


@ONE_VERSION
@pytest.mark.parametrize("status", [401, 403])
def test_airflow_denies_it(
    status: int, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.append(rest.says(status, {"title": "Forbidden", "detail": None}))
    with pytest.raises(AccessDenied, match=rf"HTTP {status}, message: Forbidden\). Allow DAG demo"):
        trigger()


@ONE_VERSION
def test_an_unknown_environment_is_told_from_one_that_is_not_ready(
    rest: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def gone(status: str | None) -> Callable[[Any], Any]:
        def step(call: Any) -> Any:
            if status:
                api.environments["etl"]["Status"] = status
            else:
                api.environments.clear()
            return rest.refuses(404, "ResourceNotFoundException")(call)

        return step

    rest.script.extend([gone("UPDATING")])
    with pytest.raises(EnvironmentNotReady, match="UPDATING"):
        trigger()
    api.environments["etl"]["Status"] = "AVAILABLE"
    rest.script.extend([gone(None)])
    with pytest.raises(EnvironmentNotFound):
        trigger()


@ONE_VERSION
def test_a_call_that_mwaa_does_not_take_names_the_limit(
    rest: Any, airflow: Airflow, handle_rest: Callable[..., dict[str, Any]]
) -> None:
    dag = "d" * 51
    rest.script.append(rest.refuses(400, "ValidationException", "'v' at 'path' is too long"))
    with pytest.raises(CommandRejected) as caught:
        handle_rest(mwaa_dag_name=dag, run_id="x1", mwaa_dag_conf=CONF)
    assert f"path /dags/{dag}/dagRuns of 65 characters" in str(caught.value)
    assert "'***' at 'path' is too long). It takes paths of 64;" in str(caught.value)


# Airflow's own words ----------------------------------------------------------------------------


def test_a_refused_body_is_rejected_with_airflows_words(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("bad run id"), *airflow.absent])
    with pytest.raises(CommandRejected, match=r"HTTP 400, message: A manual DAG run cannot use ID"):
        trigger()


@pytest.mark.parametrize("version", MAJOR_3, indirect=True)
def test_of_a_database_error_the_reason_is_shown_and_not_the_statement(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("duplicate"), *airflow.absent] * 4)
    with pytest.raises(OutcomeUnknown) as caught:
        trigger()
    assert "has the run already (HTTP 409, message: Unique constraint violation)." in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("2.11.2", r"\{'colour': \['Unknown field.'\]\}"),
        ("3.0.6", r"\['body', 'colour'\]: Extra inputs are not permitted"),
        ("3.3.1", r"\['body', 'colour'\]: Extra inputs are not permitted"),
    ],
    indirect=["version"],
)
def test_an_unknown_field_is_named_without_its_value(
    words: str, rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("unknown field"), *airflow.absent])
    with pytest.raises(CommandRejected, match=words):
        trigger()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"detail": "c0nf-s3cret is not 4711"}, id="detail"),
        pytest.param({"title": "c0nf-s3cret", "detail": None}, id="title"),
        pytest.param({"detail": [{"loc": ["c0nf-s3cret"], "msg": "m", "input": 4711}]}, id="list"),
        pytest.param({"detail": ["c0nf-s3cret", 4711]}, id="list of values"),
        pytest.param({"detail": {"reason": "c0nf-s3cret", "statement": 4711}}, id="object"),
        pytest.param("c0nf-s3cret 4711", id="text"),
        pytest.param(["c0nf-s3cret", 4711], id="only a list"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 409, 422, 429, 500])
@ONE_VERSION
def test_no_value_of_the_conf_is_shown(
    status: int,
    body: Any,
    rest: Any,
    airflow: Airflow,
    handle_rest: Callable[..., dict[str, Any]],
) -> None:
    """In a log, the fixture `no_secret_in_any_log` looks for it."""
    rest.script.extend([rest.says(status, body), *airflow.absent] * 4)
    with pytest.raises((AccessDenied, CommandRejected, MwaaUnavailable, OutcomeUnknown)) as caught:
        handle_rest(run_id="x1", mwaa_dag_conf={"a": "c0nf-s3cret", "b": 4711})
    assert "s3cret" not in str(caught.value)
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("version", MAJOR_3, indirect=True)
def test_an_upgrade_is_noticed_by_the_refused_body(
    rest: Any, api: Any, version: str, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    api.environments["etl"]["AirflowVersion"] = "2.11.2"

    def upgraded(call: Any) -> Any:
        api.environments["etl"]["AirflowVersion"] = version
        return airflow.says("no logical date")(call)

    rest.script.extend([upgraded, airflow.says("created")])
    assert trigger()["airflow_version"] == version
    assert [call["Body"].get("logical_date", "absent") for call in rest.calls] == ["absent", None]


@pytest.mark.parametrize("version", ["2.11.2"], indirect=True)
def test_a_refused_body_without_an_upgrade_is_not_sent_again(
    rest: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rest.script.extend([airflow.says("null logical date"), *airflow.absent])
    with pytest.raises(CommandRejected, match="Field may not be null"):
        trigger()
    assert rest.paths == [POST, GET, DAG]


# The look ---------------------------------------------------------------------------------------


@pytest.fixture
def find(rest_transport: RestTransport, deadline: Deadline) -> Callable[..., Any]:
    def find(run_id: str = "x1", dag: str = "demo") -> Any:
        return rest_transport.find(request(run_id, dag), deadline, with_conf=True)

    return find


def test_a_run_is_found_with_its_conf_and_dates(
    rest: Any, airflow: Airflow, version: str, find: Callable[..., Any]
) -> None:
    rest.script.append(airflow.says("finished"))
    run = find("x8", "onboarding")
    recorded = airflow.answer("finished")
    assert (run.state, run.airflow_version, run.conf) == ("success", version, CONF)
    assert (run.start_date, run.end_date) == (recorded["start_date"], recorded["end_date"])
    assert rest.paths == ["GET /dags/onboarding/dagRuns/x8"]


def test_an_unknown_run_is_none(rest: Any, airflow: Airflow, find: Callable[..., Any]) -> None:
    rest.script.extend([airflow.says("unknown run"), airflow.says("dag")])
    assert find("nosuch") is None


def test_a_run_of_an_unknown_dag_is_dag_not_found(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.extend([airflow.says("run of unknown dag"), airflow.says("no dag")])
    with pytest.raises(DagNotFound):
        find("x1", "nosuch")


@pytest.mark.parametrize(
    "body", [{"detail": "Not Found"}, {"detail": "x12 of ax1"}, "<html>", None, {"detail": ["x"]}]
)
@ONE_VERSION
def test_a_404_that_does_not_name_the_run_does_not_mean_that_it_is_not_there(
    body: Any, rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.append(rest.says(404, body))
    with pytest.raises(Unclear):
        find()


@pytest.mark.parametrize(
    ("dag", "path"),
    [
        pytest.param("d" * 19, f"GET /dags/{'d' * 19}/dagRuns/{'r' * 30}", id="64"),
        pytest.param("d" * 20, LIST, id="65"),
    ],
)
def test_a_path_of_over_64_characters_is_avoided_by_the_list(
    dag: str, path: str, rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    run_id = "r" * 30
    run = airflow.run(run_id, dag_id=dag)
    listed = {"dag_runs": [run], "total_entries": 1}
    rest.script.append(rest.says(200, listed if path == LIST else run))
    assert find(run_id, dag).state == "queued"
    assert rest.paths == [path]
    assert all(len(call["Path"]) <= 64 for call in rest.calls)


LONG = "x" * 50


def test_the_list_is_asked_as_this_airflow_took_it(
    rest: Any,
    airflow: Airflow,
    version: str,
    rest_transcripts: Any,
    find: Callable[..., Any],
) -> None:
    recorded = rest_transcripts(version, "list")
    rest.script.extend([rest.says(200, airflow.answer("list")), airflow.says("dag")])
    found = len(airflow.answer("list")["dag_runs"])
    assert found == airflow.answer("list")["total_entries"]  # the last page
    assert find(LONG) is None
    assert rest.calls[0]["Body"] == recorded["body"]


def test_an_empty_list_for_an_unknown_dag_is_dag_not_found(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.extend([airflow.says("list unknown dag"), airflow.says("no dag")])
    with pytest.raises(DagNotFound):
        find(LONG, "nosuch")


class Runs:
    """The list call of a DAG with many runs, of which `x…x` was made as the first."""

    def __init__(self, rest: Any, airflow: Airflow, count: int, **fields: Any) -> None:
        self._rest, self._airflow, self._fields = rest, airflow, fields
        self._ids = [*(f"r{n}" for n in range(count, 1, -1)), LONG]

    def __call__(self, call: Any) -> Any:
        body = call["Body"]
        assert (call["Path"], body["order_by"]) == ("/dags/~/dagRuns/list", "-id")
        begin = body["page_offset"]
        ids = self._ids[begin : begin + body["page_limit"]]
        runs = [self._airflow.run(run_id, **self._fields) for run_id in ids]
        return self._rest.says(200, {"dag_runs": runs, "total_entries": len(self._ids)})(call)


def test_a_dag_with_ten_thousand_runs_is_searched(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.extend([Runs(rest, airflow, 10_000)] * 100)
    assert find(LONG).state == "queued"
    assert len(rest.calls) <= 25


@ONE_VERSION
def test_the_newest_runs_are_one_call(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.append(Runs(rest, airflow, 20))
    assert find(LONG).state == "queued"


@ONE_VERSION
def test_pages_shrink_for_runs_with_large_confs(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.extend([Runs(rest, airflow, 60, conf={"k": "x" * (MAX_CONF_BYTES - 10)})] * 10)
    assert find(LONG).state == "queued"
    sizes = [call["Body"]["page_limit"] for call in rest.calls]
    assert all(size * MAX_CONF_BYTES < 6_000_000 for size in sizes)


@ONE_VERSION
def test_pages_that_the_server_cuts_short_are_all_read(
    rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    many = Runs(rest, airflow, 50)

    def cut(call: Any) -> Any:
        call["Body"]["page_limit"] = min(call["Body"]["page_limit"], 7)
        return many(call)

    rest.script.extend([cut] * 8)
    assert find(LONG).state == "queued"


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
@ONE_VERSION
def test_a_page_that_cannot_be_read_does_not_mean_that_the_run_is_not_there(
    page: Any, rest: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    rest.script.append(rest.says(200, page))
    with pytest.raises(Unclear):
        find(LONG)


@ONE_VERSION
def test_a_search_that_the_time_does_not_allow_says_how_far_it_came(
    rest: Any, time: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    many = Runs(rest, airflow, 10_000)

    def slow(call: Any) -> Any:
        time.now += 100
        return many(call)

    rest.script.extend([slow] * 3)
    with pytest.raises(
        CommandRejected, match=r"for 1020 of the 10000 runs.* at most 49 characters"
    ):
        find(LONG)


# Time -------------------------------------------------------------------------------------------


@ONE_VERSION
def test_without_time_for_a_call_and_a_look_none_is_sent(
    rest: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    time.end = 34.9
    with pytest.raises(MwaaUnavailable, match="Raise the function's timeout"):
        trigger()
    assert rest.calls == []


@ONE_VERSION
def test_no_look_begins_without_time_for_it(
    rest: Any, time: Any, airflow: Airflow, find: Callable[..., Any]
) -> None:
    time.end = 19.9
    with pytest.raises(MwaaUnavailable, match="Raise the function's timeout"):
        find()
    assert rest.calls == []


def test_the_shortest_function_has_time_for_a_call_and_a_look() -> None:
    assert 2 * rest_module.CALL_S + REPORT_S <= LEAST_S + LOOK_S
    assert READ_S > 10  # what InvokeRestApi itself waits


# The wire ---------------------------------------------------------------------------------------


@pytest.fixture
def wire(cli: Any, api: Any, trusted: Path) -> Iterator[Callable[[], Any]]:
    """A trigger whose InvokeRestApi is a real HTTPS server, `cli`."""
    config = botocore.config.Config(
        inject_host_prefix=False, read_timeout=0.5, retries={"total_max_attempts": 1}
    )
    client = botocore.session.get_session().create_client(
        "mwaa", config=config, endpoint_url=f"https://{cli.hostname}", verify=str(trusted)
    )

    def answer(request: Any, **_: Any) -> Any:
        return api.answer(request) if "/environments/" in request.url else None

    client.meta.events.register("before-send.mwaa", answer)
    transport = RestTransport(Environments(client))

    def trigger(conf: Any = CONF) -> Any:
        asked = Request(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="x1", conf=conf)
        return transport.trigger(asked, Deadline(time_left=lambda: 300))

    yield trigger
    client.close()


def passed_on(cli: Any, body: Any) -> Any:
    answer = {"RestApiStatusCode": 200, "RestApiResponse": body}
    return cli.raw(200, json.dumps(answer).encode())


@pytest.mark.parametrize("fault", ["reset", "hang_up", "truncated", "hang"])
def test_a_broken_exchange_is_unclear_and_not_sent_again(
    fault: str, cli: Any, wire: Callable[[], Any]
) -> None:
    cli.script.append(getattr(cli, fault))
    with pytest.raises(Unclear):
        wire()
    assert len(cli.posts) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"x"', id="string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b'{"RestApiStatusCode": "200"}', id="status a string"),
        pytest.param(b'{"a":' * 100_000, id="nested without end"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_is_not_mwaas_is_unclear(
    status: int, body: bytes, cli: Any, wire: Callable[[], Any]
) -> None:
    cli.script.append(cli.raw(status, body))
    with pytest.raises(Unclear):
        wire()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_page_is_unclear(status: int, cli: Any, wire: Callable[[], Any]) -> None:
    cli.script.append(cli.raw(status, b"<html>"))
    with pytest.raises(Unclear):
        wire()
    assert len(cli.posts) == 1


def test_a_server_that_is_not_there_started_nothing(cli: Any, wire: Callable[[], Any]) -> None:
    cli.close()
    with pytest.raises(MwaaUnavailable, match="EndpointConnectionError"):
        wire()


def test_an_answer_of_10_mb_is_read(
    cli: Any, wire: Callable[[], Any], rest_transcripts: Any
) -> None:
    run = rest_transcripts("3.3.1", "created")["answer"]
    cli.script.append(passed_on(cli, {**run, "note": "x" * 10_000_000}))
    assert wire().state == "queued"


@pytest.mark.parametrize(
    "conf",
    [
        pytest.param({"k": "é" * (MAX_CONF_BYTES // 2 - 10)}, id="the largest"),
        pytest.param({"' --run-id evil": '"\\\n🚀\x00\u2028'}, id="odd characters"),
        pytest.param({"a": "\ud800"}, id="half a surrogate pair"),
        pytest.param({"a": [1, 1.5, 10**22, True, None, {"b": []}]}, id="all types"),
        pytest.param({"a": json.loads("[" * 400 + "]" * 400)}, id="nested"),
    ],
)
def test_a_conf_arrives_as_it_was_sent(
    conf: Any, cli: Any, wire: Callable[..., Any], rest_transcripts: Any
) -> None:
    run = rest_transcripts("3.3.1", "created")["answer"]
    cli.script.append(passed_on(cli, run))
    wire(conf)
    (post,) = cli.posts
    assert post["path"] == "/restapi/etl"
    assert json.loads(post["body"]) == {
        "Path": "/dags/demo/dagRuns",
        "Method": "POST",
        "Body": {"dag_run_id": "x1", "conf": conf, "logical_date": None},
    }
