"""Parse why a command failed, from the recorded output of each version of Airflow."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.transports.cli_output import Failure, parse_failure

from sandbox.mwaa.releases import RELEASES
from tests.support import transcripts

VERSIONS = list(RELEASES)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("unknown", "airflow.exceptions.DagNotFound: Dag id nosuch not found in DagModel"),
        ("duplicate", "airflow.exceptions.DagRunAlreadyExists: A DAG Run already exists for DAG"),
        ("badjson", "json.decoder.JSONDecodeError: Expecting value"),
    ],
)
def test_the_exception_is_parsed(version: str, case: str, line: str) -> None:
    failure = parse_failure(transcripts.command(version, case).stderr)
    assert failure is not None
    assert failure.line.startswith(line)
    assert failure.dag_not_found == (case == "unknown")
    assert failure.already_exists == (case == "duplicate")
    assert not failure.unknown_option


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.11.2", "TypeError: cannot unpack non-iterable int object"),
        ("3.0.6", "TypeError: cannot unpack non-iterable int object"),
        ("3.3.1", "ValueError: DagRun conf must be a JSON object or null"),
    ],
)
def test_a_refused_conf_is_recognized(version: str, line: str) -> None:
    failure = parse_failure(transcripts.command(version, "nonobj").stderr)
    assert failure is not None
    assert failure.line == line
    assert not failure.transient


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_run_is_recognized(version: str) -> None:
    failure = parse_failure(transcripts.command(version, "tasksunk").stderr)
    assert failure is not None
    assert failure.run_not_found


@pytest.mark.parametrize(
    ("version", "case"),
    [("2.11.2", "logical"), ("3.0.6", "execdate"), ("3.0.6", "listrunsd")],
)
def test_an_option_of_another_version_is_recognized(version: str, case: str) -> None:
    failure = parse_failure(transcripts.command(version, case).stderr)
    assert failure is not None
    assert failure.unknown_option


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["listrunsunk", "statedagunk"])
def test_an_unknown_dag_is_recognized_in_a_lookup(version: str, case: str) -> None:
    failure = parse_failure(transcripts.command(version, case).stderr)
    assert failure is not None
    assert failure.dag_not_found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["ok", "okjson", "listruns", "version"])
def test_warnings_are_no_failure(version: str, case: str) -> None:
    assert parse_failure(transcripts.command(version, case).stderr) is None


@pytest.mark.parametrize(
    ("line", "means", "kind"),
    [
        ("sqlalchemy.exc.MultipleResultsFound: Multiple rows", "taken", "MultipleResultsFound"),
        ("sqlalchemy.exc.IntegrityError: (psycopg2) duplicate key", "taken", "IntegrityError"),
        ("sqlalchemy.exc.OperationalError: server closed", "passing", "OperationalError"),
        ("airflow.exceptions.AirflowException: The run ID 'a/b' is", "", "AirflowException"),
        ("ValueError: The run_id provided 'a/b' does not match", "", "ValueError"),
        ("KeyError", "", "KeyError"),
    ],
)
def test_transient_failures_are_distinguished_from_refusals(
    line: str, means: str, kind: str
) -> None:
    stderr = (
        f"warning\nTraceback (most recent call last):\n  File x\n    y\n    ^\n{line}\n[SQL: x]\n"
    )
    failure = parse_failure(stderr)
    assert failure is not None
    assert failure.line == line
    assert failure.kind == kind
    assert (failure.already_exists, failure.transient) == (means == "taken", means == "passing")


@pytest.mark.parametrize("words", ["secret words: 'x'", "'secret': x", "", "sécret-x: y"])
def test_text_without_an_exception_is_not_shown(words: str) -> None:
    assert Failure(line=words).kind == "an error"


def test_the_last_traceback_counts() -> None:
    stderr = (
        "Traceback (most recent call last):\n  File a\nKeyError: 'a'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File b\nValueError: b\n"
    )
    failure = parse_failure(stderr)
    assert failure is not None
    assert failure.line == "ValueError: b"
