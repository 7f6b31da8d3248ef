"""The sandbox that goes on after its command has returned: `make sandbox`, `make sandbox-down`."""

from __future__ import annotations

import configparser
import json
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from sandbox.account import Account
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.mwaa.install import install
from sandbox.stack import Sandbox
from sandbox.steps import Steps
from tools.errors import UserError
from tools.isolation import LOOPBACK
from tools.paths import BUILD, PROJECT
from tools.terraform import link_configuration

_DIRECTORY = BUILD / "sandbox"
_STATE = _DIRECTORY / "running.json"
_CONFIGURATION = _DIRECTORY / "configuration"
_ENVIRONMENT = _DIRECTORY / "env"
_PROFILES = _DIRECTORY / "aws-profiles"
_LOG = BUILD / "sandbox.out"
_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Running:
    """What is known of the sandbox in the background; `started` tells its process from a later one of the same id."""

    pid: int
    started: float
    airflow_version: str
    web_url: str
    username: str
    password: str


def up(airflow_version: str) -> None:
    """Start a sandbox that stays, and say what to try; return when it is ready."""
    running = _read()
    if running:
        raise UserError("The sandbox runs already: `make sandbox-down` ends it.")
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    steps = Steps()
    install(airflow_version, BUILD, steps.step)
    link_configuration(_CONFIGURATION)
    with steps.step("Two AWS accounts and Airflow"), _LOG.open("w") as log:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tools.guard",
                "--stay",
                sys.executable,
                "-m",
                "sandbox",
                "serve",
            ],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        running = _wait_until_ready(process)
    steps.say(_what_to_try(running))


def serve(airflow_version: str) -> None:
    """Hold a sandbox until SIGTERM."""
    installation = install(airflow_version, BUILD, Steps().step)
    with Sandbox(installation, _DIRECTORY) as sandbox:
        sandbox.wait_ready()
        _write_environment(sandbox)
        guard = psutil.Process().parent()
        assert guard
        running = Running(
            guard.pid,
            guard.create_time(),
            airflow_version,
            sandbox.airflow.web_url,
            sandbox.airflow.username,
            sandbox.airflow.password,
        )
        _STATE.with_suffix(".new").touch(mode=0o600)
        _STATE.with_suffix(".new").write_text(json.dumps(asdict(running)))
        _STATE.with_suffix(".new").rename(_STATE)
        threading.Event().wait()


def down() -> None:
    """End the sandbox in the background, if there is one, and remove what Terraform knew of it."""
    running = _read()
    if not running:
        Steps().say("No sandbox runs.")
        return
    with Steps().step("End the sandbox"):
        process = psutil.Process(running.pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            raise UserError(f"Process {running.pid} does not end: see {_LOG}.") from None
        shutil.rmtree(_DIRECTORY)


def _write_environment(sandbox: Sandbox) -> None:
    """Write what a shell has to source: the local AWS, and a profile for each account.

    The profiles hold the deployers' sessions. Were they to say which role to assume, the AWS CLI would keep its
    sessions for an hour, and use those of an earlier sandbox.
    """
    profiles = configparser.RawConfigParser()
    for name, account in (("source", SOURCE_ACCOUNT), ("target", TARGET_ACCOUNT)):
        profiles[f"profile {name}"] = {
            **Account(sandbox.aws.url, account).profile,
            "region": REGION,
        }
    _PROFILES.touch(mode=0o600)
    with _PROFILES.open("w") as file:
        profiles.write(file)
    variables = {**sandbox.environment, "AWS_CONFIG_FILE": str(_PROFILES), "NO_PROXY": LOOPBACK}
    lines = ["unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN"]
    lines += [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]
    _ENVIRONMENT.write_text("\n".join(lines) + "\n")


def _wait_until_ready(process: subprocess.Popen[bytes]) -> Running:
    deadline = time.monotonic() + _START_SECONDS
    try:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise UserError(f"The sandbox did not start: {_last_line(_LOG)}")
            running = _read()
            if running:
                return running
            time.sleep(_POLL_SECONDS)
        raise UserError(f"The sandbox was not ready after {_START_SECONDS:.0f} s: see {_LOG}.")
    except BaseException:
        process.terminate()
        process.wait(_STOP_SECONDS)
        raise


def _read() -> Running | None:
    """Return what runs, or None; a leftover of what does not run any more is None too."""
    try:
        running = Running(**json.loads(_STATE.read_text()))
        if psutil.Process(running.pid).create_time() != running.started:
            return None
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    return running


def _last_line(file: Path) -> str:
    lines = file.read_text().strip().splitlines()
    return lines[-1].removeprefix("mwaa-dags-trigger: ") if lines else f"see {file}."


def _what_to_try(running: Running) -> str:
    return f"""
Airflow {running.airflow_version}
  {running.web_url}
  user {running.username}, password {running.password}

Deploy, and start an execution, in a shell with the tools (among them the AWS CLI 1) and the local AWS:
  . .build/env && . {_ENVIRONMENT.relative_to(PROJECT)}
  cd {_CONFIGURATION.relative_to(PROJECT)}    # links to the configuration; the state stays here
  terraform init
  terraform workspace select -or-create sandbox
  terraform apply -var-file=environments/sandbox.tfvars
  aws --profile source stepfunctions start-execution --state-machine-arn "$(terraform output -raw state_machine_arn)" \\
    --input '{{"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding", "mwaa_dag_conf": {{"client": "acme"}}}}'

Airflow's web page shows the DAG run. `make sandbox-down` ends everything."""
