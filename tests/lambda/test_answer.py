"""Reading what Airflow printed, on the transcripts of three Airflow versions."""

from __future__ import annotations

import base64
import json

import pytest
from mwaa_dags_trigger.answer import (
    Answer,
    created_state,
    listed_runs,
    read_envelope,
    read_failure,
    shown_conf,
)

from sandbox.mwaa.releases import RELEASES
from tests.support import transcripts
from tests.support.transcripts import Printed

VERSIONS = list(RELEASES)


def said(printed: Printed) -> Answer:
    return Answer(stdout=printed.stdout, stderr=printed.stderr)


def printed(stdout: str) -> Answer:
    return Answer(stdout=stdout, stderr="")


ROW = json.dumps([{"dag_id": "demo", "dag_run_id": "r1", "state": "queued"}])
OTHER = json.dumps([{"dag_id": "demo", "dag_run_id": "r2", "state": "queued"}])

# Success ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_created_run_is_found(version: str) -> None:
    answer = said(transcripts.created(version, "r1"))
    assert created_state(answer, "demo", "r1") == "queued"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("dag_id", "run_id"), [pytest.param("demo", "r", id="run"), pytest.param("dem", "r1", id="DAG")]
)
def test_another_run_is_not_taken_for_it(version: str, dag_id: str, run_id: str) -> None:
    assert created_state(said(transcripts.created(version, "r1")), dag_id, run_id) is None


@pytest.mark.parametrize(
    ("version", "case"),
    [(v, c) for v in VERSIONS for c in ("norepl", "okjson")]
    + [("2.11.2", "execdate"), ("3.0.6", "logical")],
)
def test_every_json_answer_is_read(version: str, case: str) -> None:
    run_id = {"norepl": "x6", "okjson": "x3", "execdate": "x4", "logical": "x5"}[case]
    assert created_state(said(transcripts.command(version, case)), "demo", run_id) == "queued"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["ok", "paused"])
def test_a_table_is_never_parsed(version: str, case: str) -> None:
    answer = said(transcripts.command(version, case))
    assert created_state(answer, "demo", "x1") is None
    assert created_state(answer, "demo_paused", "p1") is None


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param(f"{ROW}\nbye\n", id="print after it"),
        pytest.param(f"{OTHER}\n{ROW}\n[]\n[1]\n[2026-11-23] INFO\n[[[\n", id="lists around it"),
        pytest.param(f"{ROW}\n{OTHER}\n", id="another run after it"),
        pytest.param(f"no newline{ROW}\n", id="print without newline before it"),
        pytest.param(f"  {ROW}  \r\n", id="spaces and CRLF"),
        pytest.param(f"\x1b[1m{ROW}\x1b[0m\n", id="colours"),
        pytest.param(f"{'[' * 100_000}\n{ROW}\n{'[{' * 50_000}\n", id="brackets without end"),
        pytest.param(f"{ROW}\n[{'9' * 5000}]\n", id="a number without end"),
        pytest.param(f'{ROW}\n{{"dag_id": "demo"}}\n"r1"\nnull\n', id="JSON that is no list"),
    ],
)
def test_noise_does_not_hide_it(stdout: str) -> None:
    assert created_state(printed(stdout), "demo", "r1") == "queued"


def test_what_was_printed_last_counts() -> None:
    assert (
        created_state(printed(f"{ROW.replace('queued', 'echo')}\n{ROW}\n"), "demo", "r1")
        == "queued"
    )


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param("", id="nothing"),
        pytest.param("dag_id=demo dag_run_id=r1 queued\n", id="words"),
        pytest.param(ROW[:-1], id="cut short"),
        pytest.param(OTHER, id="another run"),
        pytest.param(json.dumps([{"x": 1}, json.loads(ROW)[0]]), id="not the first item"),
        pytest.param(json.dumps([json.loads(ROW)]), id="list of lists"),
    ],
)
def test_what_does_not_show_the_run_is_no_success(stdout: str) -> None:
    assert created_state(printed(stdout), "demo", "r1") is None


@pytest.mark.parametrize(
    ("line", "state"),
    [
        pytest.param(
            "Created <DagRun demo @ 2021-01-01T00:00:00+00:00: r1, externally triggered: True>",
            "queued",
            id="2.0",
        ),
        pytest.param(
            "[2023-02-01 10:00:00,1] {x.py:1} INFO - Created <DagRun demo @ 2023-02-01 10:00:00+00:00"
            ": r1, state:running, queued_at: None. externally triggered: True>",
            "running",
            id="2.5",
        ),
    ],
)
def test_the_sentence_of_older_airflow_is_read(line: str, state: str) -> None:
    assert created_state(printed(f"noise\n{line}\nnoise\n"), "demo", "r1") == state
    assert created_state(printed(line), "demo", "r") is None
    assert created_state(printed(line), "dem", "r1") is None


# Lists and states -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_runs_are_listed(version: str) -> None:
    runs = listed_runs(said(transcripts.command(version, "listruns")), "demo")
    assert runs is not None
    assert runs["x1"]["state"] == "queued"
    assert "nosuch" not in runs


def test_a_dag_without_runs_has_an_empty_list() -> None:
    assert listed_runs(printed("noise\n[]\n"), "demo") == {}


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param("", id="nothing"),
        pytest.param("No data found\n", id="words"),
        pytest.param('[{"dag_id": "other", "run_id": "r1", "state": "x"}]', id="another DAG"),
        pytest.param('[{"dag_id": "demo", "run_id": "r1"}', id="cut short"),
        pytest.param('[{"dag_id": "demo"}]', id="no run ids"),
    ],
)
def test_what_is_no_list_of_the_dags_runs_is_none(stdout: str) -> None:
    assert listed_runs(printed(stdout), "demo") is None


def test_ten_thousand_runs_are_read() -> None:
    rows = [{"dag_id": "demo", "run_id": f"r{n}", "state": "success"} for n in range(10_000)]
    runs = listed_runs(printed(json.dumps(rows)), "demo")
    assert runs is not None
    assert len(runs) == 10_000


@pytest.mark.parametrize("version", ["3.0.6", "3.3.1"])
def test_the_conf_of_a_run_is_read(version: str) -> None:
    assert shown_conf(said(transcripts.command(version, "staterun"))) == {"k": "v"}


def test_a_run_without_conf_shows_its_state_alone() -> None:
    assert shown_conf(said(transcripts.command("3.0.6", "state"))) == {}


@pytest.mark.parametrize("stdout", ["None\n", "", "queue\n", "queued, {\n", "is running\n"])
def test_what_shows_no_state_shows_no_conf(stdout: str) -> None:
    assert shown_conf(printed(stdout)) is None


def test_an_unknown_run_shows_no_conf() -> None:
    assert shown_conf(said(transcripts.command("3.0.6", "stateunk"))) is None


def test_a_print_without_newline_does_not_hide_the_conf() -> None:
    assert shown_conf(printed('hello queued, {"a": "failed, {}"}\n')) == {"a": "failed, {}"}


# Failure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("unknown", "airflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel"),
        ("duplicate", "airflow.exceptions.DagRunAlreadyExists: A DAG Run already exists for DAG"),
        ("badjson", "json.decoder.JSONDecodeError: Expecting value"),
    ],
)
def test_the_exception_is_found(version: str, case: str, line: str) -> None:
    failure = read_failure(transcripts.command(version, case).stderr)
    assert failure is not None
    assert failure.line.startswith(line)
    assert failure.dag_not_found == (case == "unknown")
    assert failure.passing == (case == "duplicate")
    assert not failure.unknown_flag


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.11.2", "TypeError: cannot unpack non-iterable int object"),
        ("3.0.6", "TypeError: cannot unpack non-iterable int object"),
        ("3.3.1", "ValueError: DagRun conf must be a JSON object or null"),
    ],
)
def test_a_refused_conf_is_found(version: str, line: str) -> None:
    failure = read_failure(transcripts.command(version, "nonobj").stderr)
    assert failure is not None
    assert failure.line == line
    assert not failure.passing


@pytest.mark.parametrize(
    ("version", "case"),
    [("2.11.2", "logical"), ("3.0.6", "execdate"), ("3.0.6", "listrunsd")],
)
def test_a_flag_of_another_version_is_found(version: str, case: str) -> None:
    failure = read_failure(transcripts.command(version, case).stderr)
    assert failure is not None
    assert failure.unknown_flag


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_dag_in_a_list_is_found(version: str) -> None:
    failure = read_failure(transcripts.command(version, "listrunsunk").stderr)
    assert failure is not None
    assert failure.dag_not_found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["ok", "okjson", "listruns", "version"])
def test_warnings_are_no_failure(version: str, case: str) -> None:
    assert read_failure(transcripts.command(version, case).stderr) is None


@pytest.mark.parametrize(
    ("line", "passing"),
    [
        ("sqlalchemy.exc.MultipleResultsFound: Multiple rows were found", True),
        ("sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key", True),
        ("sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) server closed", True),
        ("airflow.exceptions.AirflowException: The provided run ID 'a/b' is invalid.", False),
        ("ValueError: The run_id provided 'a/b' does not match regex pattern", False),
    ],
)
def test_failures_that_may_pass_are_told_from_refusals(line: str, passing: bool) -> None:
    stderr = (
        f"warning\nTraceback (most recent call last):\n  File x\n    y\n    ^\n{line}\n[SQL: x]\n"
    )
    failure = read_failure(stderr)
    assert failure is not None
    assert failure.line == line
    assert failure.passing is passing


def test_the_last_traceback_counts() -> None:
    stderr = (
        "Traceback (most recent call last):\n  File a\nKeyError: 'a'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File b\nValueError: b\n"
    )
    failure = read_failure(stderr)
    assert failure is not None
    assert failure.line == "ValueError: b"


# The envelope -----------------------------------------------------------------------------------


def envelope(**fields: object) -> bytes:
    return json.dumps({"stdout": "", "stderr": "", **fields}).encode()


def test_the_envelope_is_opened() -> None:
    body = envelope(stdout=base64.b64encode("é\n".encode()).decode())
    assert read_envelope(body) == Answer(stdout="é\n", stderr="")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Login</html>", id="HTML"),
        pytest.param(b'{"stdout": "', id="cut short"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"message": "Forbidden"}', id="another object"),
        pytest.param(envelope(stdout="%%%"), id="no base64"),
        pytest.param(envelope(stdout="abc"), id="base64 cut short"),
        pytest.param(envelope(stdout=None), id="null"),
        pytest.param(envelope(stdout="é"), id="not ASCII"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
    ],
)
def test_what_is_no_envelope_is_none(body: bytes) -> None:
    assert read_envelope(body) is None


def test_bytes_that_are_no_utf8_do_not_spoil_an_answer() -> None:
    body = envelope(stdout=base64.b64encode(b"\xff\n" + ROW.encode()).decode())
    answer = read_envelope(body)
    assert answer is not None
    assert created_state(answer, "demo", "r1") == "queued"
