"""What Airflow does with DAG runs, as rules: fast enough for thousands of triggers, and not an Airflow."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from sandbox.mwaa.cli import CliResult
from tests.support.clock import Clock

DAG = "onboarding"
UNFIT = "unfit"
"""A field of the conf that does not fit the params of the DAG."""
Body = Mapping[str, Any]
COMMAND_SECONDS = 0.3
"""Of the clock for a command, so that two in a row may fall into one second."""


@dataclass(frozen=True)
class Run:
    """A DAG run that really exists."""

    run_id: str
    conf: Mapping[str, Any]
    date: datetime


class RulesAirflow:
    """One Airflow with one DAG; its texts have the form of those that were recorded.

    Parameters
    ----------
    version
        Whose rules apply.
    clock
        Seconds.

    Attributes
    ----------
    runs
        All that there are.
    state
        Of each of them.
    chatter
        The text that plugins print before each response of the command line.
    """

    def __init__(self, version: str, clock: Clock) -> None:
        self.version = version
        self.runs: list[Run] = []
        self.state = "queued"
        self.chatter = b""
        self._number = tuple(int(part) for part in version.split("."))
        self._clock = clock
        self._one_at_a_time = threading.Lock()  # as the database has it

    def named(self, run_id: str) -> list[Run]:
        """Return the runs with this id."""
        return [run for run in self.runs if run.run_id == run_id]

    # The command line ---------------------------------------------------------------------------

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        self._clock.sleep(COMMAND_SECONDS)
        with self._one_at_a_time:
            result = self._commands[argv[0], argv[1]](self, argv[2:])
        return CliResult(result.exit_code, self.chatter + result.stdout, result.stderr)

    def _trigger(self, words: list[str]) -> CliResult:
        dag_id, options = words[0], _options(words[1:])
        unknown = set(options) - {"--run-id", "--conf"}
        if self._number >= (2, 6):
            unknown -= {"-o", "--no-replace-microseconds"}
        if unknown:
            return _usage(unknown)
        if dag_id != DAG:
            return _raised(f"airflow.exceptions.DagNotFound: Dag id {dag_id} not found in DagModel")
        run_id, date = options["--run-id"], self.now()
        if self._number[0] == 2:
            if "--no-replace-microseconds" not in options:
                date = date.replace(microsecond=0)
            same = [run for run in self.runs if run.run_id == run_id or run.date == date]
            if len(same) > 1:
                return _raised("sqlalchemy.exc.MultipleResultsFound: Multiple rows were found")
            about = f"{DAG} at {date} with run id {run_id}"
        else:
            same, about = self.named(run_id), f"{DAG} with run id {run_id}"
        if same:
            name = "airflow.exceptions.DagRunAlreadyExists"
            return _raised(f"{name}: A DAG Run already exists for DAG {about}")
        conf = json.loads(options["--conf"])
        if UNFIT in conf:
            return _raised(f"airflow.exceptions.ParamValidationError: Invalid input for {UNFIT}")
        run = Run(run_id, conf, date)
        self.runs.append(run)
        row = {"conf": run.conf, "dag_id": DAG, "dag_run_id": run_id, "state": "queued"}
        created = f"Created <DagRun {DAG} @ {date}: {run_id}, state:queued, queued_at: None>"
        return _printed(json.dumps([row]) if "-o" in options else created)

    def _list_runs(self, words: list[str]) -> CliResult:
        if (words[0] == "-d") != (self._number[0] == 2):
            return _usage(words)
        dag_id = words[1] if words[0] == "-d" else words[0]
        if dag_id != DAG:
            return CliResult(1, b"", f"DAG: {dag_id} does not exist in 'dag' table\n".encode())
        rows = [
            {
                "dag_id": DAG,
                "run_id": run.run_id,
                "state": self.state,
                "start_date": "",
                "end_date": "",
                **({"execution_date": run.date.isoformat()} if self._number[0] == 2 else {}),
            }
            for run in self.runs
        ]
        return _printed(json.dumps(rows))

    def _state(self, words: list[str]) -> CliResult:
        dag_id, name = words
        if dag_id != DAG:
            return CliResult(1, b"", f"DAG: {dag_id} does not exist in 'dag' table\n".encode())
        for run in self.runs:
            if name == (run.date.isoformat() if self._number[0] == 2 else run.run_id):
                return _printed(self.state + (f", {json.dumps(run.conf)}" if run.conf else ""))
        return _printed("None")

    def _task_states(self, words: list[str]) -> CliResult:
        dag_id, run_id = words[:2]
        found = self.named(run_id) if dag_id == DAG else []
        if not found:
            what = "Error parsing the supplied execution_date. Error: Invalid date string"
            return _raised(f"airflow.exceptions.AirflowException: {what}: {run_id}")
        date = {"execution_date": found[0].date.isoformat()} if self._number[0] == 2 else {}
        task = {"task_id": "work", "state": self.state, "start_date": "", "end_date": ""}
        row = {"dag_id": DAG, **date, **task}
        return _printed(json.dumps([row]))

    _commands: Mapping[tuple[str, str], Callable[[RulesAirflow, list[str]], CliResult]] = {
        ("dags", "trigger"): _trigger,
        ("dags", "list-runs"): _list_runs,
        ("dags", "next-execution"): lambda *_: _printed("None"),
        ("dags", "state"): _state,
        ("tasks", "states-for-dag-run"): _task_states,
    }

    # REST -----------------------------------------------------------------------------------------

    def rest(
        self, method: str, path: str, *, params: object, body: Body, timeout: float
    ) -> requests.Response:
        """Respond to a request. `path` begins after `/api/vN`."""
        response = requests.Response()
        with self._one_at_a_time:
            response.status_code, answer = self._rest(method, path.split("/")[2:], body)
        response._content = json.dumps(answer).encode()
        return response

    def _rest(self, method: str, parts: list[str], body: Body) -> tuple[int, object]:
        match method, parts:
            case "POST", ["~", "dagRuns", *searched]:
                return 200, self._search(searched, body)
            case "POST", [dag_id, "dagRuns"]:
                return self._post(dag_id, body)
            case "GET", [dag_id, "dagRuns", run_id]:
                for run in self.named(run_id) if dag_id == DAG else []:
                    return 200, self._shown(run)
                two = f"DAGRun with DAG ID: '{dag_id}' and DagRun ID: '{run_id}' not found"
                three = f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}` was not found"
                return 404, {"detail": two if self._number[0] == 2 else three}
            case "GET", [dag_id] if dag_id == DAG:
                return 200, {"dag_id": dag_id, "is_paused": False}
            case "GET", [dag_id]:
                return 404, {"detail": f"The DAG with dag_id: {dag_id} was not found"}
        raise NotImplementedError(method, parts)

    def _search(self, searched: list[str], body: Body) -> object:
        if searched == ["~", "taskInstances", "list"]:
            failed = [{"task_id": "work"}] if self.state == "failed" else []
            return {"task_instances": failed, "total_entries": len(failed)}
        ordered = self.runs[::-1] if body["order_by"] == "-id" else self.runs
        start = body["page_offset"]
        page = ordered[start : start + min(body["page_limit"], 100)]
        return {"dag_runs": [self._shown(run) for run in page], "total_entries": len(self.runs)}

    def _post(self, dag_id: str, body: Body) -> tuple[int, object]:
        if dag_id != DAG:
            return 404, {"detail": f"DAG with dag_id: '{dag_id}' not found"}
        run_id = body["dag_run_id"]
        if self._number[0] == 2:
            if "logical_date" in body:
                return 400, {"detail": "{'logical_date': ['Field may not be null.']}"}
            taken: dict[str, object] = {
                "detail": f"DAGRun with DAG ID: '{DAG}' and DAGRun ID: '{run_id}' already exists"
            }
        else:
            if "logical_date" not in body:
                missing = {"loc": ["body", "logical_date"], "msg": "Field required", "input": body}
                return 422, {"detail": [missing]}
            taken = {"detail": {"reason": "Unique constraint violation", "statement": "hidden"}}
        if self.named(run_id):
            return 409, taken
        run = Run(run_id, body["conf"], self.now())
        self.runs.append(run)
        return 200, self._shown(run)

    def _shown(self, run: Run) -> dict[str, Any]:
        return {"dag_id": DAG, "dag_run_id": run.run_id, "state": self.state, "conf": run.conf}

    def now(self) -> datetime:
        """Return the date of a run that is created now."""
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._clock())


def _options(words: list[str]) -> dict[str, str]:
    options, rest = {}, iter(words)
    for word in rest:
        options[word] = "" if word == "--no-replace-microseconds" else next(rest)
    return options


def _printed(line: str) -> CliResult:
    log = "[2026-11-23T16:10:38.815+0000] {__init__.py:43} INFO - Loaded API auth backend\n"
    return CliResult(0, f"{log}{line}\n".encode(), b"x.py:22 UserWarning: no graphviz\n")


def _raised(line: str) -> CliResult:
    traceback = f'Traceback (most recent call last):\n  File "x.py", line 1, in x\n{line}\n'
    return CliResult(1, b"", traceback.encode())


def _usage(words: Iterable[str]) -> CliResult:
    error = f"airflow command error: unrecognized arguments: {' '.join(words)}, see help above.\n"
    return CliResult(2, b"Usage: airflow\n", error.encode())
