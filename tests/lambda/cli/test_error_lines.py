"""Parse why a command failed, from the recorded output of each version of Airflow."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.cli_output import Cause, Failure, parse_failure

from sandbox.mwaa.releases import RELEASES
from tests.support import transcripts

VERSIONS = list(RELEASES)
X1 = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="x1")
NOSUCH = RunKey(mwaa_env_name="etl", mwaa_dag_name="nosuch", dag_run_id="x1")
TRACEBACK = 'Traceback (most recent call last):\n  File "x.py", line 1, in x\n'
COMMAND = 'Traceback (most recent call last):\n  File "/bin/airflow", line 8, in <module>\n'


def recorded(version: str, case: str, key: RunKey = X1) -> Failure | None:
    return parse_failure(transcripts.command(version, case).stderr, key)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "key", "cause", "kind"),
    [
        pytest.param("unknown", NOSUCH, Cause.DAG_NOT_FOUND, "DagNotFound", id="unknown DAG"),
        pytest.param("duplicate", X1, Cause.ALREADY_EXISTS, "DagRunAlreadyExists", id="duplicate"),
        pytest.param("badjson", X1, Cause.OTHER, "JSONDecodeError", id="invalid JSON"),
        pytest.param("unknown", X1, Cause.OTHER, "DagNotFound", id="another unknown DAG"),
    ],
)
def test_the_exception_is_parsed(
    version: str, case: str, key: RunKey, cause: Cause, kind: str
) -> None:
    failure = recorded(version, case, key)
    assert failure is not None
    assert (failure.cause, failure.kind) == (cause, kind)


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("2.11.2", "TypeError: cannot unpack non-iterable int object"),
        ("3.0.6", "TypeError: cannot unpack non-iterable int object"),
        ("3.3.1", "ValueError: DagRun conf must be a JSON object or null"),
    ],
)
def test_a_refused_conf_is_recognized(version: str, line: str) -> None:
    assert recorded(version, "nonobj") == Failure(cause=Cause.OTHER, line=line)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_run_is_recognized(version: str) -> None:
    failure = recorded(version, "tasksunk")
    assert failure and failure.cause is Cause.RUN_NOT_FOUND


@pytest.mark.parametrize(
    ("version", "case"),
    [("2.11.2", "logical"), ("3.0.6", "execdate"), ("3.0.6", "listrunsd")],
)
def test_an_option_of_another_version_is_recognized(version: str, case: str) -> None:
    failure = recorded(version, case)
    assert failure and failure.cause is Cause.UNKNOWN_OPTION


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["listrunsunk", "statedagunk"])
def test_an_unknown_dag_is_recognized_in_a_lookup(version: str, case: str) -> None:
    failure = recorded(version, case, NOSUCH)
    assert failure and failure.cause is Cause.DAG_NOT_FOUND
    assert recorded(version, case, X1) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["ok", "okjson", "listruns", "version"])
def test_warnings_are_no_failure(version: str, case: str) -> None:
    assert recorded(version, case) is None


@pytest.mark.parametrize(
    ("line", "cause", "kind"),
    [
        (
            "sqlalchemy.exc.MultipleResultsFound: Multiple rows",
            Cause.ALREADY_EXISTS,
            "MultipleResultsFound",
        ),
        (
            "sqlalchemy.exc.IntegrityError: (psycopg2) duplicate key",
            Cause.ALREADY_EXISTS,
            "IntegrityError",
        ),
        (
            "sqlalchemy.exc.OperationalError: server closed",
            Cause.TRANSIENT,
            "OperationalError",
        ),
        (
            "airflow.exceptions.AirflowException: The run ID 'a/b' is",
            Cause.OTHER,
            "AirflowException",
        ),
        *(
            (line, Cause.TRANSIENT, line.partition(":")[0].rpartition(".")[2])
            for line in (
                "ConnectionResetError: [Errno 104] Connection reset by peer",
                "BrokenPipeError: [Errno 32] Broken pipe",
                "BlockingIOError: [Errno 11] Resource temporarily unavailable",
                "RuntimeError: can't start new thread",
                "socket.gaierror: [Errno -3] Temporary failure in name resolution",
                "sqlalchemy.exc.InternalError: (psycopg2.errors.ReadOnlySqlTransaction) x",
                "botocore.exceptions.ClientError: An error occurred (ThrottlingException) when calling x",
                # `dags trigger` of Airflow 2.11 and 3.3 wraps each OSError (`cli/commands/dag_command.py`).
                "airflow.exceptions.AirflowException: [Errno 104] Connection reset by peer",
            )
        ),
        ("KeyError", Cause.OTHER, "KeyError"),
    ],
)
def test_transient_failures_are_distinguished_from_refusals(
    line: str, cause: Cause, kind: str
) -> None:
    failure = parse_failure(f"warning\n{TRACEBACK}    y\n    ^\n{line}\n[SQL: x]\n", X1)
    assert failure == Failure(cause=cause, line=line)
    assert failure and failure.kind == kind


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("airflow.exceptions.DagNotFound: Dag id demo not found", id="2.0 trigger"),
        pytest.param(
            "airflow.exceptions.DagNotFound: Dag id demo not found in DagModel", id="2.1 trigger"
        ),
        pytest.param("airflow.exceptions.AirflowException: Dag id demo not found", id="2.0 list"),
        pytest.param(
            "airflow.exceptions.AirflowException: Dag 'demo' could not be found; either it does not exist "
            "or it failed to parse.",
            id="2.2 state",
        ),
        pytest.param("DAG: demo does not exist in 'dag' table", id="2.3"),
    ],
)
def test_the_words_of_each_version_for_an_unknown_dag_are_known(line: str) -> None:
    """From the sources of Airflow 2.0.2, 2.1.4 and 2.2.5: `cli/commands/dag_command.py`, `utils/cli.py`."""
    for stderr in (f"{TRACEBACK}{line}\n", f"{line}\nsys:1: ResourceWarning: x\n"):
        failure = parse_failure(stderr, X1)
        assert failure and failure.cause is Cause.DAG_NOT_FOUND
        other = parse_failure(stderr.replace("demo", "demo2"), X1)
        assert other is None or other.cause is Cause.OTHER


@pytest.mark.parametrize("words", ["secret words: 'x'", "'secret': x", "", "sécret-x: y"])
def test_text_without_an_exception_is_not_shown(words: str) -> None:
    assert Failure(cause=Cause.OTHER, line=words).kind == "an error"


def test_the_exception_that_ends_a_chain_counts() -> None:
    stderr = (
        f"{TRACEBACK}KeyError: 'a'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        f"{COMMAND}ValueError: b\n"
    )
    assert parse_failure(stderr, X1) == Failure(cause=Cause.OTHER, line="ValueError: b")


# What others print --------------------------------------------------------------------------------

REFUSED = f"{COMMAND}ValueError: mine\n"
FOREIGN = {
    "exit hook": f"Exception ignored in atexit callback: <function f>\n{TRACEBACK}OSError: x\n",
    "destructor": f"Exception ignored in: <function A.__del__ at 0x7f>\n{TRACEBACK}OSError: x\n",
    "thread": f"Exception in thread Thread-1 (f):\n{TRACEBACK}OSError: x\n",
    "old exit hook": f"Error in atexit._run_exitfuncs:\n{TRACEBACK}OSError: x\n",
    "logging": f"--- Logging error ---\n{TRACEBACK}OSError: x\nCall stack:\n  File x\nMessage: 'a'\n",
    "chain": f"Exception ignored in: <f>\n{TRACEBACK}KeyError: 'a'\n\nDuring handling of the above "
    f"exception, another exception occurred:\n\n{TRACEBACK}OSError: x\n",
    "cause": f"Exception ignored in: <f>\n{TRACEBACK}KeyError: 'a'\n\nThe above exception was the direct "
    f"cause of the following exception:\n\n{TRACEBACK}OSError: x\n",
    "unknown DAG": "Exception ignored in: <f>\n"
    f"{TRACEBACK}airflow.exceptions.DagNotFound: Dag id demo not found in DagModel\n",
    "without a newline before it": f"loadingException ignored in: <f>\n{TRACEBACK}OSError: x\n",
    "warning": "x.py:3 RemovedInAirflow4Warning: error: this already exists elsewhere\n",
}


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("traceback", [TRACEBACK, COMMAND], ids=["in a server", "in a script"])
def test_what_belongs_to_others_is_skipped_wherever_it_stands(foreign: str, traceback: str) -> None:
    text, own = FOREIGN[foreign], f"{traceback}ValueError: mine\n"
    mine = Failure(cause=Cause.OTHER, line="ValueError: mine")
    assert parse_failure(text, X1) is None
    for stderr in (text + own, own + text, text + own + text):
        assert parse_failure(stderr, X1) == mine


def test_a_failed_import_that_a_plugin_logs_is_not_certainly_the_commands_own() -> None:
    stderr = (
        'Traceback (most recent call last):\n  File "/usr/local/airflow/plugins/p.py", line 3, in <module>\n'
        "    import foo\nModuleNotFoundError: No module named 'foo'\n"
    )
    logged, refused = parse_failure(stderr, X1), parse_failure(REFUSED, X1)
    assert logged and not logged.is_certain
    assert refused and refused.is_certain


@pytest.mark.parametrize("before", ["", "\x1b[31m", "loading plugins"])
def test_the_commands_own_traceback_counts_wherever_it_stands(before: str) -> None:
    hook = f"{TRACEBACK}ConnectionError: metrics collector\n"
    for stderr in (f"{before}{REFUSED}{hook}", f"{hook}{before}{REFUSED}"):
        failure = parse_failure(stderr, X1)
        assert failure == Failure(cause=Cause.OTHER, line="ValueError: mine")


def test_a_conf_that_quotes_airflow_is_not_its_word() -> None:
    stderr = (
        f"{COMMAND}airflow.exceptions.ParamValidationError: Invalid input for param x\n\nOn instance:\n"
        "    \"DAG: demo does not exist in 'dag' table\"\n"
    )
    failure = parse_failure(stderr, X1)
    assert failure and failure.kind == "ParamValidationError"
