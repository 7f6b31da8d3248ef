"""Reading what Airflow's command line answered.

The CLI endpoint gives stdout and stderr, but no exit code; stderr holds warnings on success too,
and stdout holds log lines and whatever plugins print (apache/airflow#66139, #69911).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STATE = re.compile(r"(?:queued|running|success|failed)")
_DAG_NOT_FOUND = re.compile(r"DagNotFound\b|does not exist in 'dag' table")
_UNKNOWN_FLAG = re.compile(r"unrecognized arguments|invalid choice")
# The run may be there, or the same command may succeed a moment later.
_PASSING = re.compile(
    r"AlreadyExists|already exists|MultipleResultsFound|IntegrityError"
    r"|OperationalError|InterfaceError|DisconnectionError|PendingRollbackError"
    r"|ConnectionError|TimeoutError|OSError|MemoryError"
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command printed."""

    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a command failed: the line of stderr that says so.

    It may hold values of the conf: show it only through `blot_out`.
    """

    line: str = field(repr=False)

    @property
    def dag_not_found(self) -> bool:
        """Whether Airflow does not know the DAG."""
        return _DAG_NOT_FOUND.search(self.line) is not None

    @property
    def unknown_flag(self) -> bool:
        """Whether the command is not one of this Airflow version."""
        return _UNKNOWN_FLAG.search(self.line) is not None

    @property
    def passing(self) -> bool:
        """Whether the run may be there all the same, or the next try may succeed."""
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


def created_state(answer: Answer, dag_id: str, run_id: str) -> str | None:
    """Give the state of the run that `dags trigger` says to have made, or None.

    Airflow from 2.6 prints it as JSON (`-o json`). Before, it logs a sentence that begins
    `Created <DagRun DAG @ DATE: RUN_ID,` and from 2.3 holds the state.
    """
    for rows in _lists(answer.stdout):
        if rows and (rows[0].get("dag_id"), rows[0].get("dag_run_id")) == (dag_id, run_id):
            return str(rows[0].get("state"))
    dag, run = re.escape(dag_id), re.escape(run_id)
    created = re.search(rf"Created <DagRun {dag} @ [^,\n]+: {run}, ([^\n]*)", answer.stdout)
    if not created:
        return None
    state = re.search(r"state:(\w+)", created[1])
    return state[1] if state else "queued"


def listed_runs(answer: Answer, dag_id: str) -> dict[str, Mapping[str, Any]] | None:
    """Give the rows of the DAG's runs by run id, as `dags list-runs -o json` shows them.

    Each has a `state`, and a `start_date` and an `end_date` that may be empty. None where the
    answer is not such a list.
    """
    for rows in _lists(answer.stdout):
        if all(row.get("dag_id") == dag_id and "run_id" in row for row in rows):
            return {row["run_id"]: row for row in rows}
    return None


def shown_conf(answer: Answer) -> dict[str, Any] | None:
    """Give the conf that `dags state DAG RUN_ID` prints on Airflow 3; None where there is no such.

    Airflow prints `STATE, CONF`, and for an empty conf the state alone.
    """
    for line in _lines(answer.stdout):
        if _STATE.fullmatch(line):
            return {}
        # Not anchored at the start: a plugin's print without a newline may stand there.
        with_conf = re.search(rf"{_STATE.pattern}, (\{{.*\}})$", line)
        conf = _loads(with_conf[1]) if with_conf else None
        if isinstance(conf, dict):
            return conf
    return None


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


def blot_out(line: str, conf: Mapping[str, Any]) -> str:
    """Make a line of Airflow's fit to be shown: no value of the conf, at most 300 characters.

    Airflow quotes values whole, escaped or cut short. So each word is blotted out that is a word
    of a value, or of 4 characters and more and a part of one. The name of the exception stays.
    """
    values = " ".join(_texts(conf))
    words = set(re.findall(r"\w+", values))

    def blot(found: re.Match[str]) -> str:
        word = found[0]
        return "***" if word in words or (len(word) >= 4 and word in values) else word

    line = line[:2000]  # of megabytes, each word would be looked for in the whole conf
    name = re.match(r"[\w.]*:?", line)
    start = name.end() if name else 0
    shown = line[:start] + re.sub(r"\w+", blot, line[start:])
    return shown if len(shown) <= 300 else shown[:300] + "…"


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in reversed(_COLOUR.sub("", text).splitlines()))


def _lists(stdout: str) -> Iterator[list[dict[str, Any]]]:
    """Give each line, from the last, that ends with a JSON list of objects."""
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


def _texts(value: object) -> Iterator[str]:
    """Give each value inside of `value`, as it is and as JSON escapes it."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
        yield json.dumps(value)
