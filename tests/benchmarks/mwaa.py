"""The MWAA of the sandbox with a real Airflow, and Lambda containers that call it."""

from __future__ import annotations

import json
import shlex
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from sandbox.aws import AwsServer
from sandbox.aws.authorizer import MANAGEMENT_ACCOUNT
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.cli import CliResult, last_lines
from sandbox.mwaa.front import MwaaFront
from sandbox.mwaa.home import DATABASE
from sandbox.mwaa.install import install
from tests.benchmarks.lambda_code import Code
from tools.errors import UserError
from tools.paths import BUILD

NAME = "bench"
CONF = {"client": "acme"}
DAG = "paused"
"""The runs of this DAG stay queued, so that no task affects the measurements."""
_CONTAINER = Path(__file__).with_name("container.py")


@dataclass
class Timed:
    """An Airflow that records the duration of its last command or request."""

    airflow: Airflow
    seconds: float = 0.0

    @property
    def version(self) -> str:
        return self.airflow.version

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        with self._timed():
            return self.airflow.cli(argv, timeout)

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        with self._timed():
            return self.airflow.rest(method, path, params=params, body=body, timeout=timeout)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds = time.perf_counter() - started


@dataclass(frozen=True)
class Container:
    """A process that runs the handler of the package for one invocation after the other."""

    process: subprocess.Popen[str]
    log: Path

    def trigger(self, dag: str = DAG, run_id: str | None = None) -> float:
        """Create a DAG run, and return the seconds of the handler."""
        event = {
            "mwaa_env_name": NAME,
            "mwaa_dag_name": dag,
            "mwaa_dag_conf": CONF,
            "run_id": run_id or f"bench-{uuid.uuid4()}",
        }
        seconds, result = self._run({"event": event})
        if result["created"] is not True:
            raise UserError(f"A trigger created no DAG run: {result}")
        return seconds

    def look_up(self, dag: str, run_id: str) -> float:
        """Look up a DAG run, and return the seconds of the handler."""
        which = {"mwaa_env_name": NAME, "mwaa_dag_name": dag, "dag_run_id": run_id}
        seconds, result = self._run({"event": {"action": "status", **which}})
        if result["dag_run_id"] != run_id:
            raise UserError(f"A lookup returned a different run: {result}")
        return seconds

    def post(self, url: str, token: str) -> float:
        """Send the same command with a plain `requests.Session`, and return the seconds of the call."""
        words = ["dags", "trigger", DAG, "--run-id", f"bench-{uuid.uuid4()}"]
        words += ["--conf", json.dumps(CONF), "-o", "json"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        post = {"url": url, "headers": headers, "data": shlex.join(words)}
        return self._run({"post": post})[0]

    def _run(self, task: Mapping[str, Any]) -> tuple[float, Any]:
        assert self.process.stdin and self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise UserError(f"A container ended unexpectedly:\n{last_lines(self.log)}")
        done = json.loads(line)
        return done["seconds"], done["result"]


def pause(airflow: Airflow, dag: str) -> None:
    """Pause the DAG, so that its runs stay queued."""
    with closing(sqlite3.connect(airflow.home / DATABASE, timeout=60)) as database, database:
        database.execute("UPDATE dag SET is_paused = 1 WHERE dag_id = ?", (dag,))


def add_old_runs(airflow: Airflow, dag: str, like: str, number: int) -> None:
    """Add this number of ended runs to the metadata database, as copies of the run `like`."""
    with closing(sqlite3.connect(airflow.home / DATABASE, timeout=60)) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(dag_run)")]
        date = "datetime('2000-01-01', n || ' minutes') || '.000000'"
        values = {
            "id": "NULL",
            "run_id": "'old__' || n",
            "state": "'success'",
            # Airflow 2 accepts one run for each date, and Airflow 3 accepts runs without a date.
            "execution_date": date,
            "logical_date": "NULL",
        }
        selected = ", ".join(values.get(column, column) for column in columns)
        database.execute(
            f"WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number LIMIT ?) "
            f"INSERT INTO dag_run ({', '.join(columns)}) SELECT {selected} FROM number, dag_run "
            "WHERE dag_id = ? AND run_id = ?",
            (number, dag, like),
        )


@dataclass(frozen=True)
class Mwaa:
    """An MWAA environment with a real Airflow, in a local AWS."""

    airflow: Timed
    front: MwaaFront
    aws: AwsServer
    directory: Path

    @contextmanager
    def container(self, code: Code, transport: str) -> Iterator[Container]:
        """Start a new container of the package."""
        environment = {
            **code.environment(code.task),
            **self.aws.environment,
            "REQUESTS_CA_BUNDLE": str(self.front.ca_file),
            "TRANSPORT": transport,
        }
        log = self.directory / f"container-{uuid.uuid4()}.log"
        with (
            log.open("w") as stderr,
            subprocess.Popen(
                [sys.executable, "-P", _CONTAINER],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            ) as process,
        ):
            try:
                yield Container(process, log)
            finally:
                process.kill()


@contextmanager
def mwaa(version: str, directory: Path, *, process_per_command: bool = False) -> Iterator[Mwaa]:
    """Start Airflow, the front and the local AWS, and stop them at the end of the `with`."""
    installation = install(version, BUILD, nullcontext)
    directory.mkdir()
    with ExitStack() as stack:
        airflow = stack.enter_context(
            Airflow(installation, directory / "airflow", process_per_command=process_per_command)
        )
        timed = Timed(airflow)
        front = stack.enter_context(MwaaFront({NAME: timed}, directory))
        # The access key of the containers belongs to no role, and therefore to the management account.
        aws = stack.enter_context(AwsServer({MANAGEMENT_ACCOUNT: front}))
        airflow.wait_ready()
        yield Mwaa(timed, front, aws, directory)
