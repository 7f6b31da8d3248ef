"""A sandbox that continues to run after its command has returned: `make sandbox`, `make sandbox-down`."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.mwaa.install import install
from sandbox.steps import Steps
from tools.errors import UserError
from tools.paths import BUILD, PROJECT
from tools.terraform import link_configuration

_START_SECONDS = 600.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.2

DIRECTORY = "sandbox"
"""Directory of the sandbox in the state directory. It contains these two files."""
RUNNING = "running.json"
ENVIRONMENT = "env"


@dataclass(frozen=True)
class Running:
    """The sandbox in the background. `started` distinguishes its process from a later process with the same ID."""

    pid: int
    started: float
    airflow_version: str
    web_url: str
    username: str
    password: str


class Background:
    """Starts and stops the sandbox in the background. Each state directory can have one."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._directory = state / DIRECTORY
        self._running = self._directory / RUNNING
        self._configuration = self._directory / "configuration"
        self._environment = self._directory / ENVIRONMENT
        self._log = state / "sandbox.out"

    def up(self, airflow_version: str) -> None:
        """Start a sandbox in the background, wait until it is ready, and show how to use it."""
        if self._read():
            raise UserError("The sandbox is already running: stop it with `make sandbox-down`.")
        shutil.rmtree(self._directory, ignore_errors=True)
        steps = Steps()
        install(airflow_version, BUILD, steps.step)
        link_configuration(self._configuration)
        sandbox = [sys.executable, "-m", "sandbox", "--state", str(self._state), "serve"]
        with steps.step("Starting two AWS accounts and Airflow"), self._log.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tools.guard", "--stay", *sandbox],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            running = self._wait_until_ready(process)
        steps.show(self._instructions(running))

    def down(self) -> None:
        """Stop the sandbox, and delete its Terraform state."""
        running = self._read()
        if not running:
            Steps().show("No sandbox is running.")
            return
        with Steps().step("Stopping the sandbox"):
            try:
                # The process may have ended in the meantime.
                with contextlib.suppress(psutil.NoSuchProcess):
                    process = psutil.Process(running.pid)
                    process.send_signal(signal.SIGTERM)
                    process.wait(_STOP_SECONDS)
            except psutil.TimeoutExpired:
                raise UserError(f"Process {running.pid} does not stop: see {self._log}.") from None
            shutil.rmtree(self._directory)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> Running:
        deadline = time.monotonic() + _START_SECONDS
        try:
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    raise UserError(f"The sandbox did not start: {_last_line(self._log)}")
                running = self._read()
                if running:
                    return running
                time.sleep(_POLL_SECONDS)
            raise UserError(
                f"The sandbox was not ready after {_START_SECONDS:.0f} s: see {self._log}."
            )
        except BaseException:
            process.terminate()
            process.wait(_STOP_SECONDS)
            raise

    def _read(self) -> Running | None:
        """Return the running sandbox, or None. Ignores the file of a sandbox that has ended."""
        try:
            running = Running(**json.loads(self._running.read_text()))
            if psutil.Process(running.pid).create_time() != running.started:
                return None
        except (FileNotFoundError, psutil.NoSuchProcess):
            return None
        return running

    def _instructions(self, running: Running) -> str:
        return f"""
Airflow {running.airflow_version}
  {running.web_url}
  user {running.username}, password {running.password}

To deploy and to start an execution, run these commands. They use the local AWS and AWS CLI 1:
  . {BUILD.relative_to(PROJECT)}/env && . {_from_project(self._environment)}
  cd {_from_project(self._configuration)}    # links to the configuration, and the state
  terraform init
  terraform workspace select -or-create sandbox
  terraform apply -var-file=environments/sandbox.tfvars
  aws --profile source stepfunctions start-execution --state-machine-arn "$(terraform output -raw state_machine_arn)" \\
    --input '{{"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding", "mwaa_dag_conf": {{"client": "acme"}}}}'

Airflow's web page shows the DAG run. To stop the sandbox, run `make sandbox-down`."""


def _last_line(file: Path) -> str:
    lines = file.read_text().strip().splitlines()
    return lines[-1].removeprefix("mwaa-dags-trigger: ") if lines else f"see {file}."


def _from_project(path: Path) -> Path:
    return path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path
