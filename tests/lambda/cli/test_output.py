"""Parse the recorded output of each version of Airflow."""

from __future__ import annotations

import base64
import json

import pytest
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.cli_output import (
    CliOutput,
    RunState,
    parse_created_state,
    parse_envelope,
    parse_rows,
    parse_run_state,
)

from sandbox.mwaa.releases import AIRFLOW_2, RELEASES, family
from tests.support import transcripts
from tests.support.transcripts import Printed

VERSIONS = list(RELEASES)


def replay(printed: Printed) -> CliOutput:
    return CliOutput(stdout=printed.stdout, stderr=printed.stderr)


def printed(stdout: str) -> CliOutput:
    return CliOutput(stdout=stdout, stderr="")


def run(dag_id: str = "demo", run_id: str = "r1") -> RunKey:
    return RunKey(mwaa_env_name="etl", mwaa_dag_name=dag_id, dag_run_id=run_id)


R1 = run()
ROW = json.dumps([{"dag_id": "demo", "dag_run_id": "r1", "state": "queued"}])
OTHER = json.dumps([{"dag_id": "demo", "dag_run_id": "r2", "state": "queued"}])

# Success ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_created_run_is_found(version: str) -> None:
    output = replay(transcripts.created(version, "r1"))
    assert parse_created_state(output, R1) == "queued"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("dag_id", "run_id"), [pytest.param("demo", "r", id="run"), pytest.param("dem", "r1", id="DAG")]
)
def test_another_run_is_ignored(version: str, dag_id: str, run_id: str) -> None:
    assert (
        parse_created_state(replay(transcripts.created(version, "r1")), run(dag_id, run_id)) is None
    )


@pytest.mark.parametrize(
    ("version", "case"),
    [(v, c) for v in VERSIONS for c in ("norepl", "okjson")]
    + [("2.11.2", "execdate"), ("3.0.6", "logical")],
)
def test_every_json_output_is_parsed(version: str, case: str) -> None:
    run_id = {"norepl": "x6", "okjson": "x3", "execdate": "x4", "logical": "x5"}[case]
    assert (
        parse_created_state(replay(transcripts.command(version, case)), run("demo", run_id))
        == "queued"
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["ok", "paused"])
def test_a_table_is_never_parsed(version: str, case: str) -> None:
    output = replay(transcripts.command(version, case))
    assert parse_created_state(output, run("demo", "x1")) is None
    assert parse_created_state(output, run("demo_paused", "p1")) is None


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
def test_other_output_does_not_hide_the_run(stdout: str) -> None:
    assert parse_created_state(printed(stdout), R1) == "queued"


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param("", id="nothing"),
        pytest.param("dag_id=demo dag_run_id=r1 queued\n", id="words"),
        pytest.param(ROW[:-1], id="cut short"),
        pytest.param(OTHER, id="another run"),
        pytest.param(json.dumps([{"x": 1}, json.loads(ROW)[0]]), id="not the first item"),
        pytest.param(json.dumps([json.loads(ROW)]), id="list of lists"),
        pytest.param(f"{ROW.replace('queued', 'failed')}\n{ROW}\n", id="contradiction"),
        pytest.param(ROW.replace("queued", "all\\nis well"), id="no state"),
    ],
)
def test_output_without_the_run_is_no_success(stdout: str) -> None:
    assert parse_created_state(printed(stdout), R1) is None


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
def test_the_sentence_of_older_versions_is_parsed(line: str, state: str) -> None:
    assert parse_created_state(printed(f"noise\n{line}\nnoise\n"), R1) == state
    assert parse_created_state(printed(line), run("demo", "r")) is None
    assert parse_created_state(printed(line), run("dem", "r1")) is None


# Lists and states -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_runs_are_parsed(version: str) -> None:
    rows = parse_rows(replay(transcripts.command(version, "listruns")), R1, "run_id")
    assert rows
    (x1,) = (row for row in rows if row["run_id"] == "x1")
    assert x1["state"] == "queued"
    assert ("execution_date" in x1) is (family(version) is AIRFLOW_2)


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_tasks_are_parsed(version: str) -> None:
    rows = parse_rows(replay(transcripts.command(version, "tasks")), R1, "task_id")
    assert rows
    assert [row["task_id"] for row in rows] == ["work"]
    assert ("execution_date" in rows[0]) is (family(version) is AIRFLOW_2)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_without_tasks_has_an_empty_list(version: str) -> None:
    assert parse_rows(replay(transcripts.command(version, "tasksnone")), R1, "task_id") == []


def test_an_empty_list_printed_by_a_plugin_hides_no_rows() -> None:
    row = {"dag_id": "demo", "run_id": "r1"}
    assert parse_rows(printed(f"{json.dumps([row])}\n[]\n"), R1, "run_id") == [row]


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param("", id="nothing"),
        pytest.param("No data found\n", id="words"),
        pytest.param('[{"dag_id": "other", "run_id": "r1", "state": "x"}]', id="another DAG"),
        pytest.param('[{"dag_id": "demo", "run_id": "r1"}', id="cut short"),
        pytest.param('[{"dag_id": "demo"}]', id="no run ids"),
        pytest.param(
            '[{"dag_id": "demo", "run_id": "r1"}]\n[{"dag_id": "demo", "run_id": "r2"}]',
            id="contradiction",
        ),
    ],
)
def test_output_without_rows_of_the_dag_is_none(stdout: str) -> None:
    assert parse_rows(printed(stdout), R1, "run_id") is None


def test_ten_thousand_rows_are_parsed() -> None:
    rows = [{"dag_id": "demo", "run_id": f"r{n}", "state": "success"} for n in range(10_000)]
    assert parse_rows(printed(json.dumps(rows)), R1, "run_id") == rows


@pytest.mark.parametrize(
    ("version", "case"),
    [(v, "state") for v in VERSIONS if family(v) is AIRFLOW_2]
    + [(v, "staterun") for v in VERSIONS if family(v) is not AIRFLOW_2],
)
def test_state_and_conf_of_a_run_are_parsed(version: str, case: str) -> None:
    assert parse_run_state(replay(transcripts.command(version, case))) == RunState(
        state="queued", conf={"k": "v"}
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_run_has_no_state(version: str) -> None:
    assert parse_run_state(replay(transcripts.command(version, "stateunk"))) == RunState(state=None)


@pytest.mark.parametrize("state", ["queued", "running", "success", "failed"])
def test_a_run_without_conf_shows_only_its_state(state: str) -> None:
    assert parse_run_state(printed(f"noise\n{state}\nnoise\n")) == RunState(state=state)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_state_that_an_exit_hook_contradicts_is_none(version: str) -> None:
    output = replay(transcripts.noise(version, "state"))
    assert output.stdout.endswith('queued, {"k": "v"}\nsuccess\n')
    assert parse_run_state(output) is None


@pytest.mark.parametrize(
    "stdout",
    [
        pytest.param('success\nrunning, {"k": "v"}\n', id="printed before"),
        pytest.param('running, {"k": "v"}\nrunning\n', id="without the conf"),
        pytest.param('running, {"k": "v"}\nrunning, {"k": "w"}\n', id="another conf"),
        pytest.param('running, {"k": "v"}\nbye success, {"k": "v"}\n', id="without a newline"),
        pytest.param("None\nrunning\n", id="None"),
        pytest.param("running\nNone\n", id="None after it"),
        pytest.param("running\n\x1b[32msuccess\x1b[0m\n", id="colours"),
    ],
)
def test_states_that_contradict_each_other_are_none(stdout: str) -> None:
    assert parse_run_state(printed(stdout)) is None


def test_a_state_that_is_printed_twice_is_no_contradiction() -> None:
    assert parse_run_state(printed("running\nrunning\n")) == RunState(state="running")


@pytest.mark.parametrize("stdout", ["", "queue\n", "queued, {\n", "is running\n", "Nonesuch\n"])
def test_output_without_a_state_is_none(stdout: str) -> None:
    assert parse_run_state(printed(stdout)) is None


def test_output_without_a_newline_does_not_hide_the_conf() -> None:
    stdout = 'hello queued, {"a": "failed, {}"}\n'
    assert parse_run_state(printed(stdout)) == RunState(state="queued", conf={"a": "failed, {}"})


# The envelope -----------------------------------------------------------------------------------


def envelope(**fields: object) -> bytes:
    return json.dumps({"stdout": "", "stderr": "", **fields}).encode()


def test_the_envelope_is_parsed() -> None:
    body = envelope(stdout=base64.b64encode("é\n".encode()).decode())
    assert parse_envelope(body) == CliOutput(stdout="é\n", stderr="")


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
def test_a_body_without_an_envelope_is_none(body: bytes) -> None:
    assert parse_envelope(body) is None


def test_invalid_utf8_does_not_hide_the_run() -> None:
    body = envelope(stdout=base64.b64encode(b"\xff\n" + ROW.encode()).decode())
    output = parse_envelope(body)
    assert output is not None
    assert parse_created_state(output, R1) == "queued"
