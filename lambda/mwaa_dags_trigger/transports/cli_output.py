"""Parse the output of Airflow's command line.

The CLI endpoint returns stdout and stderr, but no exit code. After a success, stderr can contain
warnings. stdout also contains log lines and the output of plugins (apache/airflow#66139, #69911). Where
a line stands says nothing: only text counts that names the DAG or the run, or whose form is the command's
own, and text that contradicts itself counts as no response.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mwaa_dags_trigger.request import DagKey, RunKey

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_STATE = re.compile(r"(queued|running|success|failed)")
# The output of a plugin without a newline may come before it.
_STATE_AND_CONF = re.compile(rf"{_STATE.pattern}, (\{{.*\}})$")
_CREATED_STATE = re.compile(r"[a-z_]{1,30}")

# The output of a plugin without a newline may come before it, too. An exception group's has an indentation.
_TRACEBACK = re.compile(r"^(?!\s).*Traceback \(most recent call last\):$")
_CHAINED = re.compile(r"During handling of the above|The above exception was the direct cause")
# The line before a traceback that Python prints for others than the command: exit hooks, destructors, threads, logging.
_FOREIGN = re.compile(
    r"Exception ignored |Exception in thread |Error in atexit|--- Logging error ---"
)
# The first frame of the console script, and thus of the command. A plugin that logs a failed import has another file.
_CONSOLE_SCRIPT = re.compile(r'^  File "(?:.*/)?airflow", line \d+, in <module>$')

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


class Cause(Enum):
    """Why a command failed, as far as it makes a difference. The patterns match the line with the reason."""

    ALREADY_EXISTS = r"AlreadyExists|already exists|MultipleResultsFound|IntegrityError"
    """A DAG run with this run id exists, or on Airflow 2 one with this date."""
    # `tasks states-for-dag-run` tries to parse an unknown run id as a date.
    RUN_NOT_FOUND = r"DagRunNotFound\b|Error parsing the supplied execution_date"
    UNKNOWN_OPTION = r"unrecognized arguments|invalid choice"
    """This version of Airflow does not have the command or one of its options."""
    TRANSIENT = (
        r"OperationalError|InterfaceError|DisconnectionError|PendingRollbackError|ReadOnlySqlTransaction"
        r"|Connection\w*Error|BrokenPipeError|BlockingIOError|gaierror|TimeoutError|OSError|MemoryError"
        r"|can't start new thread|\(Throttling\w*\)"
        # `dags trigger` wraps each OSError.
        r"|AirflowException: \[Errno \d+\]"
    )
    """The next attempt may succeed."""
    DAG_NOT_FOUND = r"(?!)"
    """Only a sentence that names the DAG says so; see `_parse_sentence`."""
    OTHER = ""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a command failed.

    Parameters
    ----------
    line
        The line of stderr with the reason. It may quote the conf. Only its `kind` may be shown.
    is_certain
        Whether this is certainly the command's own failure, and not what an exit hook printed.
    """

    cause: Cause
    line: str = field(repr=False)
    is_certain: bool = field(default=True, compare=False)

    @property
    def kind(self) -> str:
        """The class of the exception."""
        name = re.match(r"[A-Za-z_][\w.]{,200}(?=:|$)", self.line)
        return name[0].rsplit(".", 1)[-1] if name else "an error"


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
    """Return the state of the DAG run that `dags trigger` created, or None if the output shows none, or several.

    Airflow 2.6 and later prints JSON (`-o json`). Earlier versions log a sentence that starts with
    `Created <DagRun DAG @ DATE: RUN_ID,` and since 2.3 contains the state.
    """
    expected = (key.mwaa_dag_name, key.dag_run_id)
    states = {
        str(rows[0].get("state"))
        for rows in _parse_lists(output.stdout)
        if rows and (rows[0].get("dag_id"), rows[0].get("dag_run_id")) == expected
    }
    dag_id, run_id = map(re.escape, expected)
    sentence = rf"Created <DagRun {dag_id} @ [^,\n]+: {run_id}, ([^\n]*)"
    for description in re.findall(sentence, output.stdout):
        shown = re.search(r"state:(\w+)", description)
        states.add(shown[1] if shown else "queued")
    state = states.pop() if len(states) == 1 else ""
    return state if _CREATED_STATE.fullmatch(state) else None


def parse_rows(output: CliOutput, key: DagKey, field: str) -> Rows | None:
    """Return the rows of the DAG with this field, or None if the output has no such list, or several.

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
    shown = [rows for rows in lists if rows] or lists
    return shown[0] if shown and all(rows == shown[0] for rows in shown) else None


def parse_import_errors(output: CliOutput) -> Rows | None:
    """Return the rows of `dags list-import-errors -o json`, or None if the output has no such list."""
    lists = _parse_lists(output.stdout)
    return next((rows for rows in lists if all("error" in row for row in rows)), None)


def parse_run_state(output: CliOutput) -> RunState | None:
    """Parse the output of `dags state`. Return None if it shows no state, or several.

    Airflow prints `STATE, CONF`, or only the state if the conf is empty, or `None` if the run does
    not exist. The line does not name the run, and what an exit hook prints comes after it: if two lines
    differ, nothing says which of them is Airflow's.
    """
    shown = [state for line in _lines(output.stdout) if (state := _parse_state(line.strip()))]
    return shown[0] if shown and all(state == shown[0] for state in shown) else None


def is_paused(output: CliOutput) -> bool:
    """Return whether `dags next-execution` reports that the DAG is paused."""
    return "is PAUSED now" in output.stderr


def parse_failure(stderr: str, key: DagKey) -> Failure | None:
    """Return why the command failed, or None if stderr does not show it.

    A sentence of Airflow counts on any line. Otherwise the reason is the first line without
    indentation after the command's own traceback. Neither is necessarily the last line: messages can
    have several lines, and exit hooks print after the command.
    """
    lines = _own_lines(stderr)
    for line in lines:
        if cause := _parse_sentence(line, key):
            return Failure(cause=cause, line=line)
    starts = [n for n, line in enumerate(lines) if _TRACEBACK.search(line)]
    commands = [n for n in starts if _CONSOLE_SCRIPT.match("".join(lines[n + 1 : n + 2]))]
    for start in (commands or starts)[-1:]:
        for line in lines[start + 1 :]:
            if line and not line[0].isspace():
                cause = next(cause for cause in Cause if re.search(cause.value, line))
                return Failure(cause=cause, line=line, is_certain=bool(commands))
    return None


def _parse_sentence(line: str, key: DagKey) -> Cause | None:
    """Return what a sentence of Airflow says about this DAG or this run, in all versions from 2.0."""
    dag = _pattern(key.mwaa_dag_name)
    exists = rf"(?i:a dag run already exists for (dag|dag id)) {dag} "
    if isinstance(key, RunKey) and re.search(f"{exists}.*{_pattern(key.dag_run_id)}", line):
        return Cause.ALREADY_EXISTS
    unknown_dag = rf"Dag id {dag} not found|DAG: {dag} does not exist in 'dag' table|Dag '{dag}' could not be found"
    if not line[:1].isspace() and re.search(unknown_dag, line):
        return Cause.DAG_NOT_FOUND
    if line.startswith("airflow command error:"):
        unknown = re.search(Cause.UNKNOWN_OPTION.value, line)
        return Cause.UNKNOWN_OPTION if unknown else Cause.OTHER
    return None


def _pattern(name: str) -> str:
    """Return a pattern for the name as a whole word."""
    return rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"


def _own_lines(stderr: str) -> list[str]:
    """Return the lines of stderr without the tracebacks that do not belong to the command."""
    own: list[str] = []
    previous, in_traceback, is_foreign = "", False, False
    for line in _lines(stderr):
        begins = _TRACEBACK.search(line) is not None
        if begins:
            is_foreign = bool(
                _FOREIGN.search(previous) or (is_foreign and _CHAINED.match(previous))
            )
        in_traceback = in_traceback or begins
        if not (in_traceback and is_foreign):
            own.append(line)
        if line and not line[0].isspace() and not begins:
            in_traceback = False
        previous = line or previous
    return own


def _parse_state(line: str) -> RunState | None:
    if line == "None":
        return RunState(state=None)
    if _STATE.fullmatch(line):
        return RunState(state=line)
    match = _STATE_AND_CONF.search(line)
    conf = _load(match[2]) if match else None
    return RunState(state=match[1], conf=conf) if match and isinstance(conf, dict) else None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in _COLOR.sub("", text).splitlines()]


def _parse_lists(stdout: str) -> Iterator[Rows]:
    """Yield each JSON list of objects at the end of a line."""
    for line in map(str.strip, _lines(stdout)):
        # The output of a plugin without a newline may come before the list.
        rows = _load(line if line == "[]" else line[max(line.find("[{"), 0) :])
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            yield rows


def _load(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
