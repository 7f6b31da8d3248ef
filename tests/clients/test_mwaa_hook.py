"""The `MwaaHook` of Airflow's amazon provider works with the sandbox as it does with MWAA."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws.accounts import TARGET_ACCOUNT
from sandbox.installed import installed
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.install import install
from sandbox.stack import ENVIRONMENT_NAME, Sandbox
from tools.paths import BUILD
from tools.setup import index_settings

HERE = Path(__file__).parent
DAG_RUNS = "/dags/paused/dagRuns"
SECONDS = 300.0


@pytest.fixture(scope="session")
def python() -> Path:
    """The Python of a virtual environment with the locked provider."""
    uv, venv, lock = (
        Path(sys.executable).with_name("uv"),
        BUILD / "clients",
        HERE / "requirements.txt",
    )
    python = venv / "bin" / "python"
    commands: tuple[list[str | Path], ...] = (
        ["venv", "--quiet", "--allow-existing", "--python", sys.executable, venv],
        ["pip", "sync", "--quiet", "--require-hashes", "--python", python, lock],
    )
    with installed(venv, key=f"{venv}\n{lock.read_text()}") as done:
        for arguments in () if done else commands:
            environment = os.environ | index_settings()
            subprocess.run([uv, *arguments], check=True, env=environment, timeout=SECONDS)
    return python


@contextmanager
def running(version: str, directory: Path) -> Iterator[Sandbox]:
    installation = install(version, BUILD, nullcontext)
    with (
        Airflow(installation, directory / "airflow") as airflow,
        Sandbox(airflow, directory) as sandbox,
    ):
        airflow.wait_ready()
        yield sandbox


def run_hook(
    python: Path, sandbox: Sandbox, directory: Path, *calls: dict[str, Any]
) -> list[dict[str, Any]]:
    """Run the hook with these calls as an administrator of the target account, and return its responses or errors."""
    session = Account(sandbox.aws.url, TARGET_ACCOUNT).profile
    result = subprocess.run(
        [python, HERE / "call_mwaa.py"],
        input=json.dumps([{"env_name": ENVIRONMENT_NAME, **call} for call in calls]),
        env={
            "PATH": os.environ["PATH"],
            "AIRFLOW_HOME": str(directory / "hook"),
            **sandbox.environment,
            **{name.upper(): value for name, value in session.items()},
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    responses: list[dict[str, Any]] = json.loads(result.stdout.splitlines()[-1])
    return responses


def trigger() -> dict[str, Any]:
    body = {"dag_run_id": "by-the-hook", "logical_date": None, "conf": {"client": "acme"}}
    return {"path": DAG_RUNS, "method": "POST", "body": body}


def test_the_hook_triggers_and_reads_a_dag_run_on_airflow_2(python: Path, tmp_path: Path) -> None:
    with running("2.11.2", tmp_path / "sandbox") as sandbox:
        read = {"path": f"{DAG_RUNS}/by-the-hook", "method": "GET"}

        created, found = run_hook(python, sandbox, tmp_path, trigger(), read)

        assert (created["RestApiStatusCode"], found["RestApiStatusCode"]) == (200, 200)
        assert found["RestApiResponse"]["dag_run_id"] == "by-the-hook"
        assert found["RestApiResponse"]["conf"] == {"client": "acme"}
        assert sandbox.airflow.api.run_ids("paused") == ["by-the-hook"]


def test_airflow_3_rejects_a_trigger_of_the_hook_because_it_omits_the_logical_date(
    python: Path, tmp_path: Path
) -> None:
    """The hook removes null values from the body, and Airflow 3 requires `logical_date` even if it is null."""
    with running("3.3.1", tmp_path / "sandbox") as sandbox:
        (error,) = run_hook(python, sandbox, tmp_path, trigger())

        assert error["error"] == "RestApiClientException"
        assert error["RestApiStatusCode"] == 422
        assert error["RestApiResponse"]["detail"][0]["loc"] == ["body", "logical_date"]
        assert sandbox.airflow.api.run_ids("paused") == []
