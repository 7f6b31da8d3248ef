"""The state of a DAG run, over both ways and both majors."""

from __future__ import annotations

import json
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

BEGUN, ENDED = "2026-11-23T18:41:10.198031+00:00", "2026-11-23T18:41:11.785593+00:00"


class CliRun:
    """A DAG `demo` with the run `r1`, as `dags list-runs` shows it."""

    def __init__(self, version: str, cli: Any, transcripts: Any) -> None:
        self.transport, self.version = "cli", version
        self._cli, self._transcripts = cli, transcripts

    def shows(self, state: str, start_date: str | None, end_date: str | None) -> None:
        dates = {"start_date": start_date or "", "end_date": end_date or ""}
        row = {"dag_id": "demo", "run_id": "r1", "state": state, **dates}
        self._cli.script.append(self._cli.says(f"noise\n{json.dumps([row])}\n"))

    def is_absent(self) -> None:
        case = self._transcripts(self.version, "listruns")
        self._cli.script.append(self._cli.says(case["stdout"], case["stderr"]))

    def has_no_dag(self) -> None:
        case = self._transcripts(self.version, "listrunsunk")
        self._cli.script.append(self._cli.says(case["stdout"], case["stderr"]))

    def is_lost(self) -> None:
        self._cli.script.append(self._cli.raw(504, b""))

    def is_denied(self) -> None:
        self._cli.script.extend([self._cli.raw(403, b"")] * 2)

    @property
    def asked(self) -> list[str]:
        return [" ".join(words[:2]) for words in self._cli.commands]


class RestRun:
    """The same, as the REST API shows it."""

    def __init__(self, version: str, rest: Any, transcripts: Any) -> None:
        self.transport, self.version = "rest", version
        self._rest, self._transcripts = rest, transcripts

    def _answer(self, case: str) -> Any:
        recorded = self._transcripts(self.version, case)
        named = json.dumps(recorded["answer"]).replace("nosuch", "r1" if "run" in case else "demo")
        return self._rest.says(recorded["status"], json.loads(named))

    def shows(self, state: str, start_date: str | None, end_date: str | None) -> None:
        run = self._transcripts(self.version, "run")["answer"]
        ids = {"dag_run_id": "r1", "dag_id": "demo"}
        shown = {**run, **ids, "state": state, "start_date": start_date, "end_date": end_date}
        self._rest.script.append(self._rest.says(200, shown))

    def is_absent(self) -> None:
        self._rest.script.extend([self._answer("unknown run"), self._answer("dag")])

    def has_no_dag(self) -> None:
        self._rest.script.extend([self._answer("unknown run"), self._answer("no dag")])

    def is_lost(self) -> None:
        self._rest.script.append(self._rest.says(504, ""))

    def is_denied(self) -> None:
        self._rest.script.append(self._rest.refuses(403, "AccessDeniedException"))

    @property
    def asked(self) -> list[str]:
        return self._rest.paths


@pytest.fixture(params=["cli 2.11.0", "cli 3.0.6", "rest 2.11.2", "rest 3.0.6", "rest 3.3.1"])
def run(request: pytest.FixtureRequest, api: Any) -> CliRun | RestRun:
    way, version = request.param.split()
    api.environments["etl"]["AirflowVersion"] = version
    value = request.getfixturevalue
    if way == "cli":
        return CliRun(version, value("cli"), value("transcripts"))
    return RestRun(version, value("rest"), value("rest_transcripts"))


@pytest.fixture
def status(run: Any, request: pytest.FixtureRequest) -> Callable[[], dict[str, Any]]:
    handle = request.getfixturevalue("handle" if run.transport == "cli" else "handle_rest")
    return lambda: handle(action="status", dag_run_id="r1")


def test_a_run_that_has_ended_is_final(run: Any, status: Callable[[], dict[str, Any]]) -> None:
    run.shows("success", BEGUN, ENDED)
    assert status() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "r1",
        "state": "success",
        "start_date": BEGUN,
        "end_date": ENDED,
        "final": True,
        "airflow_version": run.version,
        "transport": run.transport,
    }
    assert len(run.asked) == 1


@pytest.mark.parametrize(
    ("shown", "final"),
    [
        pytest.param(("queued", None, None), False, id="queued"),
        pytest.param(("running", BEGUN, None), False, id="running"),
        pytest.param(("failed", BEGUN, ENDED), True, id="failed"),
        pytest.param(("restarting", BEGUN, None), False, id="a state yet to come"),
    ],
)
def test_only_success_and_failed_are_final(
    shown: tuple[str, str | None, str | None],
    final: bool,
    run: Any,
    status: Callable[[], dict[str, Any]],
) -> None:
    run.shows(*shown)
    result = status()
    assert (result["state"], result["start_date"], result["end_date"]) == shown
    assert result["final"] is final


def test_an_unknown_run_is_an_error(run: Any, status: Callable[[], dict[str, Any]]) -> None:
    run.is_absent()
    with pytest.raises(DagRunNotFound, match=r"DAG demo in MWAA environment etl has no run r1\."):
        status()


def test_an_unknown_dag_is_told_from_an_unknown_run(
    run: Any, status: Callable[[], dict[str, Any]]
) -> None:
    run.has_no_dag()
    with pytest.raises(DagNotFound, match="does not know DAG demo"):
        status()


def test_a_lost_answer_is_asked_for_again(
    run: Any, time: Any, status: Callable[[], dict[str, Any]]
) -> None:
    run.is_lost()
    run.shows("running", BEGUN, None)
    assert status()["state"] == "running"
    assert 1 <= time.pauses[0] <= 2


def test_an_answer_that_stays_lost_has_started_nothing(
    run: Any, status: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(3):
        run.is_lost()
    with pytest.raises(MwaaUnavailable, match=r"HTTP 504.* state of the DAG run could not be read"):
        status()
    assert len(run.asked) == 3


def test_a_refusal_is_not_asked_for_again(
    run: Any, time: Any, status: Callable[[], dict[str, Any]]
) -> None:
    run.is_denied()
    with pytest.raises(AccessDenied):
        status()
    assert time.pauses == []


def test_its_errors_name_the_run(run: Any, status: Callable[[], dict[str, Any]]) -> None:
    run.is_absent()
    with pytest.raises(TriggerError, match=r"\(run id r1\)$"):
        status()
