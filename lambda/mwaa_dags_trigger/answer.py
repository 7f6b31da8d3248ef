"""Reading what Airflow's command line answered.

The CLI endpoint gives stdout and stderr, but no exit code; stderr holds warnings on success too,
and stdout holds log lines and whatever plugins print (apache/airflow#66139, #69911).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mwaa_dags_trigger.request import RunKey

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STATE = re.compile(r"(queued|running|success|failed)")
# A plugin's print without a newline may stand before it.
_STATE_AND_CONF = re.compile(rf"{_STATE.pattern}, (\{{.*\}})$")
_DAG_NOT_FOUND = re.compile(r"DagNotFound\b|does not exist in 'dag' table")
# `tasks states-for-dag-run` goes on to read a run id that it does not know as a date.
_RUN_NOT_FOUND = re.compile(r"DagRunNotFound\b|Error parsing the supplied execution_date")
_UNKNOWN_FLAG = re.compile(r"unrecognized arguments|invalid choice")
_TAKEN = re.compile(r"AlreadyExists|already exists|MultipleResultsFound|IntegrityError")
_PASSING = re.compile(
    r"OperationalError|InterfaceError|DisconnectionError|PendingRollbackError"
    r"|ConnectionError|TimeoutError|OSError|MemoryError"
)


Rows = list[dict[str, Any]]
Shown = tuple[str | None, dict[str, Any]]
"""The state of a run, None where it is not there, and its conf."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command printed."""

    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a command failed: the line of stderr that says so.

    It may quote the conf: only its `kind` is for showing.
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
    def unknown_flag(self) -> bool:
        """Whether the command is not one of this Airflow version."""
        return _UNKNOWN_FLAG.search(self.line) is not None

    @property
    def taken(self) -> bool:
        """Whether the run id, or on Airflow 2 the date, is taken."""
        return _TAKEN.search(self.line) is not None

    @property
    def passing(self) -> bool:
        """Whether the next try may succeed."""
        return _PASSING.search(self.line) is not None


def read_envelope(body: bytes) -> Answer | None:
    """Open the endpoint's JSON envelope; None where `body` is not a whole one."""
    try:
        envelope = json.loads(body)
        texts = {
            name: base64.b64decode(envelope[name], validate=True).decode("utf-8", "replace")
            for name in ("stdout", "stderr")
        }
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Answer(**texts)


def created_state(answer: Answer, run: RunKey) -> str | None:
    """Return the state of the run that `dags trigger` says to have made, or None.

    Airflow from 2.6 prints it as JSON (`-o json`). Before, it logs a sentence that begins
    `Created <DagRun DAG @ DATE: RUN_ID,` and from 2.3 holds the state.
    """
    wanted = (run.mwaa_dag_name, run.dag_run_id)
    for rows in _lists(answer.stdout):
        if rows and (rows[0].get("dag_id"), rows[0].get("dag_run_id")) == wanted:
            return str(rows[0].get("state"))
    dag_id, run_id = map(re.escape, wanted)
    created = re.search(rf"Created <DagRun {dag_id} @ [^,\n]+: {run_id}, ([^\n]*)", answer.stdout)
    if not created:
        return None
    state = re.search(r"state:(\w+)", created[1])
    return state[1] if state else "queued"


def listed(answer: Answer, run: RunKey, field: str) -> Rows | None:
    """Return the rows about the DAG, each with this field; None where there is no such list.

    `dags list-runs -o json` shows runs, with a `run_id` and on Airflow 2 an `execution_date`;
    `tasks states-for-dag-run -o json` shows tasks, with a `task_id`, that date too, and a
    `start_date` and an `end_date`, which may be empty.
    """
    fitting = [
        rows
        for rows in _lists(answer.stdout)
        if all(row.get("dag_id") == run.mwaa_dag_name and field in row for row in rows)
    ]
    # A plugin may print an empty list.
    return next((rows for rows in fitting if rows), fitting[0] if fitting else None)


def shown_run(answer: Answer) -> Shown | None:
    """Return the state and conf that `dags state` prints; None where it shows neither.

    Airflow prints `STATE, CONF`, for an empty conf the state alone, and for a run that is not there
    `None`: then the state is None.
    """
    for line in _lines(answer.stdout):
        if line == "None":
            return None, {}
        if _STATE.fullmatch(line):
            return line, {}
        found = _STATE_AND_CONF.search(line)
        conf = _loads(found[2]) if found else None
        if found and isinstance(conf, dict):
            return found[1], conf
    return None


def says_paused(answer: Answer) -> bool:
    """Whether `dags next-execution` says that the DAG is paused."""
    return "is PAUSED now" in answer.stderr


def read_failure(stderr: str) -> Failure | None:
    """Find the line of stderr that says why the command failed; None where none does.

    After a traceback, that is its first line without indentation. It is not always the last line
    of stderr: a `ParamValidationError` goes on for lines, and ends with the value that it refused.
    """
    lines = _COLOUR.sub("", stderr).rstrip().splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith("Traceback (most recent")]
    if starts:
        ends = (line for line in lines[starts[-1] + 1 :] if line and not line[0].isspace())
        line = next(ends, "")
        return Failure(line=line) if line else None
    last = Failure(line=lines[-1]) if lines else None
    known = last and (last.line.startswith("airflow command error:") or last.dag_not_found)
    return last if known else None


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in reversed(_COLOUR.sub("", text).splitlines()))


def _lists(stdout: str) -> Iterator[Rows]:
    """Yield each JSON list of objects that ends a line, from the last line on."""
    for line in _lines(stdout):
        # A plugin's print without a newline may stand before the list.
        rows = _loads(line if line == "[]" else line[max(line.find("[{"), 0) :])
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            yield rows


def _loads(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
