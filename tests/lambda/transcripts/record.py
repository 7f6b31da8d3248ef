"""Record the output and the responses of a release of Airflow, with `make transcripts AIRFLOW=3.3.1`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.home import environment, write_configuration
from sandbox.mwaa.install import AirflowInstallation, install
from sandbox.mwaa.releases import AIRFLOW_2, chosen_version, family
from sandbox.steps import Steps
from tests.support.transcripts import digest, read
from tools.errors import UserError
from tools.isolation import isolate
from tools.paths import BUILD

HERE = Path(__file__).parent
DATE = "2026-01-01T00:00:00+00:00"
CONF = {"k": "v"}
SECONDS = 120.0


Command = tuple[str, list[str]] | tuple[str, list[str], dict[str, str]]
"""A case of the command line: its name, the arguments, and environment variables if it needs any."""


def commands(version: str) -> Iterator[Command]:
    """Yield each case of the command line, in the order in which they have to run."""
    conf = ["--conf", json.dumps(CONF)]
    as_json = ["-o", "json"]
    trigger, state = ["dags", "trigger"], ["dags", "state", "demo"]
    yield "not-yet-serialized", [*trigger, "demo", *conf, "--run-id", "x0"]
    yield "reserialize", ["dags", "reserialize"]
    yield "ok", [*trigger, "demo", *conf, "--run-id", "x1"]
    yield "duplicate", [*trigger, "demo", *conf, "--run-id", "x1"]
    yield "unknown", [*trigger, "nosuch", *conf, "--run-id", "x1"]
    yield "badjson", [*trigger, "demo", "--conf", '{"k": ', "--run-id", "x2"]
    yield "nonobj", [*trigger, "demo", "--conf", "[1]", "--run-id", "x2b"]
    yield "paused", [*trigger, "demo_paused", *conf, "--run-id", "p1"]
    yield "okjson", [*trigger, "demo", *conf, "--run-id", "x3", *as_json]
    dated = [*trigger, "demo", *conf]
    yield "execdate", [*dated, "--exec-date", DATE, "--run-id", "x4", *as_json]
    yield "logical", [*dated, "--logical-date", DATE, "--run-id", "x5", *as_json]
    yield "norepl", [*trigger, "demo", "--no-replace-microseconds", "--run-id", "x6", *as_json]
    if family(version) is AIRFLOW_2:
        yield "listruns", ["dags", "list-runs", "-d", "demo", *as_json]
        yield "listrunsunk", ["dags", "list-runs", "-d", "nosuch", *as_json]
    else:
        yield "listruns", ["dags", "list-runs", "demo", *as_json]
        yield "listrunsd", ["dags", "list-runs", "-d", "demo", *as_json]
        yield "listrunsunk", ["dags", "list-runs", "nosuch", *as_json]
    yield "state", [*state, DATE]
    if family(version) is not AIRFLOW_2:
        yield "staterun", [*state, "x1"]
        yield "staterununk", [*state, "sfn__nosuch"]
    yield "stateunk", [*state, DATE.replace("2026", "2027")]
    yield "statedagunk", ["dags", "state", "nosuch", DATE]
    yield "tasks", ["tasks", "states-for-dag-run", "demo", "x1", *as_json]
    yield "tasksnone", ["tasks", "states-for-dag-run", "demo_paused", "p1", *as_json]
    yield "tasksunk", ["tasks", "states-for-dag-run", "demo", "sfn__nosuch", *as_json]
    yield "next", ["dags", "next-execution", "demo"]
    yield "nextpaused", ["dags", "next-execution", "demo_paused"]
    yield "version", ["version"]
    yield "help", [*trigger, "--help"]


def noisy_commands(version: str) -> Iterator[Command]:
    """Yield each case of an environment that prints or refuses more than Airflow itself, see `config/`."""
    as_json = ["-o", "json"]
    unfit = ["dags", "trigger", "with_params", "--conf", '{"number": "x"}', "--run-id"]
    fits = ["dags", "trigger", "demo", "--conf", json.dumps(CONF), "--run-id"]
    run = "n1" if family(version) is not AIRFLOW_2 else DATE
    dated = ["--exec-date", DATE] if family(version) is AIRFLOW_2 else []
    yield "reserialize", ["dags", "reserialize"]
    yield "created", [*fits, "n1", *as_json, *dated], {"NOISE": "exit hook fails, logging fails"}
    for noise in (
        *("exit hook fails", "exit hook prints a traceback", "exit hook prints a list"),
        *("exit hook warns", "logging fails", "thread fails"),
    ):
        yield f"unfit conf, {noise}", [*unfit, "n2", *as_json], {"NOISE": noise}
    for noise in ("exit hook fails", "exit hook prints a traceback", "exit hook warns"):
        yield f"unknown dag, {noise}", ["dags", "state", "nosuch", run], {"NOISE": noise}
    yield "state", ["dags", "state", "demo", run], {"NOISE": "exit hook prints a state"}
    duplicate = [*fits, "n1", *as_json]
    yield "duplicate", duplicate, {"NOISE": "exit hook fails, exit hook warns"}
    pattern = {"AIRFLOW__SCHEDULER__ALLOWED_RUN_ID_PATTERN": "^team_.+$"}
    yield "run id refused", [*fits, "n3", *as_json], pattern
    if family(version) is not AIRFLOW_2 and version != "3.0.6":
        # `allowed_run_types` of a DAG exists since 3.2.
        forbidden = ["dags", "trigger", "scheduled_only", "--run-id", "n4", *as_json]
        yield "manual runs not allowed", forbidden


def record_commands(
    installation: AirflowInstallation,
    home: Path,
    commands: Iterable[Command],
) -> list[dict[str, Any]]:
    """Run each command in a separate process, as MWAA does, with an empty database without DAGs."""
    home.mkdir()
    write_configuration(installation.version, home, port=0)
    for directory in ("config", "dags"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HERE / directory, home / directory, ignore=ignored)
    dags_folder = {"AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags")}

    def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=home,
            env=environment(home, installation.venv) | dags_folder | variables,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
        )

    programs = installation.venv / "bin"
    python = run(programs / "python", "-c", "import sys; print(sys.base_prefix)").stdout.strip()
    paths = {
        str(home): "/usr/local/airflow",
        str(installation.venv): "/usr/local/airflow/.local",
        python: "/usr/local",
    }
    migrated = run(programs / "airflow", "db", "migrate")
    if migrated.returncode:
        raise UserError(f"`airflow db migrate` failed:\n{migrated.stderr}")
    cases = []
    for name, argv, *added in commands:
        variables = added[0] if added else {}
        done = run(programs / "airflow", *argv, **variables)
        case = {
            "case": name,
            "command": " ".join(["airflow", *argv]),
            **({"variables": variables} if variables else {}),
            "exit_code": done.returncode,
            "stdout": replaced(done.stdout, paths),
            "stderr": replaced(done.stderr, paths),
        }
        cases.append(case)
    return cases


class Requests:
    """A client of a running Airflow, which records some requests as cases.

    The paused DAG of the sandbox is called `demo` in the cases, as on the command line.
    """

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow
        self._date = {} if family(airflow.version) is AIRFLOW_2 else {"logical_date": None}
        self.cases: list[dict[str, Any]] = []

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request, and return the status and the response."""
        path = path.replace("/dags/demo", "/dags/paused")
        sent = json.loads(json.dumps(body).replace('["demo"]', '["paused"]'))
        answer = self._airflow.rest(method, path, params=None, body=sent, timeout=SECONDS)
        text = replaced(re.sub(r"\bpaused\b", "demo", answer.text), self._paths())
        return answer.status_code, json.loads(text, object_hook=without_token)

    def record(self, case: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request, record it as a case, and return the response."""
        status, answer = self.send(method, path, body)
        request = {"method": method, "path": path, "body": body}
        self.cases.append({"case": case, **request, "status": status, "answer": answer})
        return answer

    def body(self, run_id: str, *, conf: Mapping[str, str] = CONF, **fields: Any) -> dict[str, Any]:
        """Return the body that creates a run. Airflow 3 requires a date, which may be null."""
        return {**self._date, "dag_run_id": run_id, "conf": conf, **fields}

    def _paths(self) -> dict[str, str]:
        dags = str(Path(__file__).parents[3] / "sandbox" / "dags")
        return {dags: "/usr/local/airflow/dags", str(self._airflow.home): "/usr/local/airflow"}


def record_rest(airflow: Airflow) -> list[dict[str, Any]]:
    """Send each request to an Airflow that has no DAG runs."""
    requests = Requests(airflow)
    body, record = requests.body, requests.record
    runs = "/dags/demo/dagRuns"
    first = record("created", "POST", runs, body("x1"))
    record("duplicate", "POST", runs, body("x1"))
    date = first["logical_date"]
    if date is None:  # Airflow 3 creates runs without a date
        date = DATE
        requests.send("POST", runs, body("x1d", logical_date=date))
    record("date taken", "POST", runs, body("x2", logical_date=date))
    record("unknown dag", "POST", "/dags/nosuch/dagRuns", body("x1"))
    record("no logical date", "POST", runs, {"dag_run_id": "x3", "conf": {}})
    record("null logical date", "POST", runs, body("x4", logical_date=None))
    record("unknown field", "POST", runs, body("x6", colour="v"))
    record("bad run id", "POST", runs, body("scheduled__x"))
    requests.send("POST", runs, body("x7", conf={}))
    record("run", "GET", f"{runs}/x1")
    record("run empty conf", "GET", f"{runs}/x7")
    record("unknown run", "GET", f"{runs}/nosuch")
    record("run of unknown dag", "GET", "/dags/nosuch/dagRuns/x1")
    record("dag", "GET", "/dags/demo")
    record("no dag", "GET", "/dags/nosuch")
    for case, dag_id, offset, limit in (
        ("list", "demo", 0, 20),
        ("list page", "demo", 1, 1),
        ("list unknown dag", "nosuch", 0, 20),
        ("list past end", "demo", 100, 20),
    ):
        page = {"page_offset": offset, "page_limit": limit}
        asked = {"dag_ids": [dag_id], "order_by": "-id", **page}
        record(case, "POST", "/dags/~/dagRuns/list", asked)
    requests.send("POST", "/dags/onboarding/dagRuns", body("x8"))
    airflow.api.wait_for_end("onboarding", "x8", SECONDS)
    record("finished", "GET", "/dags/onboarding/dagRuns/x8")
    return requests.cases


def replaced(text: str, paths: Mapping[str, str]) -> str:
    """Return the text with the paths of this machine as they are on MWAA."""
    for path, public in paths.items():
        text = text.replace(path, public)
    return text


def without_token(value: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON object without the token that gives access to a DAG's file."""
    return value | {"file_token": "removed"} if "file_token" in value else value


def write(kind: str, version: str, cases: list[dict[str, Any]]) -> None:
    """Write the cases of a version, or the name of another version whose cases are the same."""
    text = json.dumps(cases, indent=1) + "\n"
    own = digest(text, version)
    others = {path.stem.removeprefix(f"{kind}-") for path in HERE.glob(f"{kind}-*.json")}
    for other in sorted(others - {version}):
        if digest(read(kind, other), other) == own:
            text = json.dumps({"same_as": other, "sha256": own}, indent=1) + "\n"
    (HERE / f"{kind}-{version}.json").write_text(text)


def main() -> None:
    """Record the release that AIRFLOW names."""
    isolate()
    steps = Steps()
    version = chosen_version()
    try:
        installation = install(version, BUILD, steps.step)
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary).resolve()
            with steps.step(f"Airflow {version}: commands"):
                cases = commands(version)
                write(
                    "airflow", version, record_commands(installation, directory / "commands", cases)
                )
            with steps.step(f"Airflow {version}: commands with noise"):
                cases = noisy_commands(version)
                write("noise", version, record_commands(installation, directory / "noise", cases))
            with (
                steps.step(f"Airflow {version}: REST"),
                Airflow(installation, directory / "rest") as airflow,
            ):
                airflow.wait_ready()
                write("rest", version, record_rest(airflow))
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


if __name__ == "__main__":
    main()
