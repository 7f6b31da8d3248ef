"""Parse the output of Airflow's command line.

The CLI endpoint returns stdout and stderr, but no exit code. After a success, stderr can contain
warnings. stdout also contains log lines and the output of plugins (apache/airflow#66139, #69911).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mwaa_dags_trigger.request import DagKey, RunKey

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_STATE = re.compile(r"(queued|running|success|failed)")
# The output of a plugin without a newline may come before it.
_STATE_AND_CONF = re.compile(rf"{_STATE.pattern}, (\{{.*\}})$")
_DAG_NOT_FOUND = re.compile(r"DagNotFound\b|does not exist in 'dag' table")
# `tasks states-for-dag-run` tries to parse an unknown run id as a date.
_RUN_NOT_FOUND = re.compile(r"DagRunNotFound\b|Error parsing the supplied execution_date")
_UNKNOWN_OPTION = re.compile(r"unrecognized arguments|invalid choice")
_ALREADY_EXISTS = re.compile(r"AlreadyExists|already exists|MultipleResultsFound|IntegrityError")
_TRANSIENT = re.compile(
    r"OperationalError|InterfaceError|DisconnectionError|PendingRollbackError"
    r"|ConnectionError|TimeoutError|OSError|MemoryError"
)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class CliOutput:
    """The output of a command."""

    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RunState:
    """The output of `dags state`: the state, None if the run does not exist, and the conf."""

    state: str | None
    conf: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The line of stderr with the reason why a command failed.

    It may quote the conf. Only its `kind` may be shown.
    """

    line: str = field(repr=False)

    @property
    def kind(self) -> str:
        """The class of the exception."""
        name = re.match(r"[A-Za-z_][\w.]*(?=:|$)", self.line)
        return name[0].rsplit(".", 1)[-1] if name else "an error"

    @property
    def dag_not_found(self) -> bool:
        """Whether Airflow does not know the DAG."""
        return _DAG_NOT_FOUND.search(self.line) is not None

    @property
    def run_not_found(self) -> bool:
        """Whether Airflow does not know the DAG run."""
        return _RUN_NOT_FOUND.search(self.line) is not None

    @property
    def unknown_option(self) -> bool:
        """Whether this version of Airflow does not have the command or one of its options."""
        return _UNKNOWN_OPTION.search(self.line) is not None

    @property
    def already_exists(self) -> bool:
        """Whether a DAG run with this run id exists, or on Airflow 2 with this date."""
        return _ALREADY_EXISTS.search(self.line) is not None

    @property
    def transient(self) -> bool:
        """Whether the next attempt may succeed."""
        return _TRANSIENT.search(self.line) is not None


def parse_envelope(body: bytes) -> CliOutput | None:
    """Parse the JSON envelope of the endpoint. Return None if it is not complete."""
    try:
        envelope = json.loads(body)
        texts = {
            name: base64.b64decode(envelope[name], validate=True).decode("utf-8", "replace")
            for name in ("stdout", "stderr")
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return CliOutput(**texts)


def parse_created_state(output: CliOutput, key: RunKey) -> str | None:
    """Return the state of the DAG run that `dags trigger` created, or None.

    Airflow 2.6 and later prints JSON (`-o json`). Earlier versions log a sentence that starts with
    `Created <DagRun DAG @ DATE: RUN_ID,` and since 2.3 contains the state.
    """
    expected = (key.mwaa_dag_name, key.dag_run_id)
    for rows in _parse_lists(output.stdout):
        if rows and (rows[0].get("dag_id"), rows[0].get("dag_run_id")) == expected:
            return str(rows[0].get("state"))
    dag_id, run_id = map(re.escape, expected)
    created = re.search(rf"Created <DagRun {dag_id} @ [^,\n]+: {run_id}, ([^\n]*)", output.stdout)
    if not created:
        return None
    state = re.search(r"state:(\w+)", created[1])
    return state[1] if state else "queued"


def parse_rows(output: CliOutput, key: DagKey, field: str) -> Rows | None:
    """Return the rows of the DAG with this field, or None if the output has no such list.

    The rows of `dags list-runs -o json` are runs with a `run_id`. The rows of
    `tasks states-for-dag-run -o json` are tasks with a `task_id`. Both have a `start_date` and an
    `end_date`, which may be empty, and on Airflow 2 the `execution_date` of the run.
    """
    lists = [
        rows
        for rows in _parse_lists(output.stdout)
        if all(row.get("dag_id") == key.mwaa_dag_name and field in row for row in rows)
    ]
    # A plugin may print an empty list.
    return next((rows for rows in lists if rows), lists[0] if lists else None)


def parse_import_errors(output: CliOutput) -> Rows | None:
    """Return the rows of `dags list-import-errors -o json`, or None if the output has no such list."""
    lists = _parse_lists(output.stdout)
    return next((rows for rows in lists if all("error" in row for row in rows)), None)


def parse_run_state(output: CliOutput) -> RunState | None:
    """Parse the output of `dags state`. Return None if it shows neither a state nor `None`.

    Airflow prints `STATE, CONF`, or only the state if the conf is empty, or `None` if the run does
    not exist.
    """
    for line in _reversed_lines(output.stdout):
        if line == "None":
            return RunState(state=None)
        if _STATE.fullmatch(line):
            return RunState(state=line)
        match = _STATE_AND_CONF.search(line)
        conf = _load(match[2]) if match else None
        if match and isinstance(conf, dict):
            return RunState(state=match[1], conf=conf)
    return None


def is_paused(output: CliOutput) -> bool:
    """Return whether `dags next-execution` reports that the DAG is paused."""
    return "is PAUSED now" in output.stderr


def parse_failure(stderr: str) -> Failure | None:
    """Return the line of stderr with the reason why the command failed, or None.

    It is the first line without indentation after a traceback. It need not be the last line of
    stderr: a `ParamValidationError` has several lines, and the last line is the rejected value.
    """
    lines = _COLOR.sub("", stderr).rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if starts:
        ends = (line for line in lines[starts[-1] + 1 :] if line and not line[0].isspace())
        line = next(ends, "")
        return Failure(line=line) if line else None
    last = Failure(line=lines[-1]) if lines else None
    known = last and (last.line.startswith("airflow command error:") or last.dag_not_found)
    return last if known else None


def _reversed_lines(text: str) -> Iterator[str]:
    return (line.strip() for line in reversed(_COLOR.sub("", text).splitlines()))


def _parse_lists(stdout: str) -> Iterator[Rows]:
    """Yield each JSON list of objects at the end of a line, starting with the last line."""
    for line in _reversed_lines(stdout):
        # The output of a plugin without a newline may come before the list.
        rows = _load(line if line == "[]" else line[max(line.find("[{"), 0) :])
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            yield rows


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
