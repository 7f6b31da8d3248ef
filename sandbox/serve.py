"""A sandbox that runs as long as its process. `make sandbox` starts it in the background."""

from __future__ import annotations

import configparser
import json
import shlex
import threading
from dataclasses import asdict
from pathlib import Path

import psutil

from sandbox.account import Account
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.background import DIRECTORY, ENVIRONMENT, RUNNING, Running
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.install import install
from sandbox.stack import Sandbox
from sandbox.steps import Steps
from tools.isolation import LOOPBACK
from tools.paths import BUILD


def serve(airflow_version: str, state: Path) -> None:
    """Run a sandbox until SIGTERM."""
    directory = state / DIRECTORY
    installation = install(airflow_version, BUILD, Steps().step)
    with (
        Airflow(installation, directory / "airflow") as airflow,
        Sandbox(airflow, directory) as sandbox,
    ):
        airflow.wait_ready()
        _write_environment(sandbox, directory)
        guard = psutil.Process().parent()
        assert guard
        running = Running(
            guard.pid,
            guard.create_time(),
            airflow_version,
            airflow.web_url,
            airflow.username,
            airflow.password,
        )
        new = directory / f"{RUNNING}.new"
        new.touch(mode=0o600)
        new.write_text(json.dumps(asdict(running)))
        new.rename(directory / RUNNING)
        threading.Event().wait()


def _write_environment(sandbox: Sandbox, directory: Path) -> None:
    """Write a file for a shell to source, with the local AWS and a profile for each account.

    The profiles contain sessions of the administrator roles. If they contained role ARNs, the AWS CLI would use its
    cached sessions of an earlier sandbox for up to an hour.
    """
    profiles = configparser.RawConfigParser()
    for name, account in (("source", SOURCE_ACCOUNT), ("target", TARGET_ACCOUNT)):
        profiles[f"profile {name}"] = {
            **Account(sandbox.aws.url, account).profile,
            "region": REGION,
        }
    file = directory / "aws-profiles"
    file.touch(mode=0o600)
    with file.open("w") as opened:
        profiles.write(opened)
    variables = {
        **sandbox.environment,
        "AWS_CONFIG_FILE": str(file),
        "NO_PROXY": LOOPBACK,
        # For `mwaa-dags`.
        "MWAA_DAGS_SOURCE_PROFILE": "source",
        "MWAA_DAGS_TARGET_PROFILE": "target",
    }
    lines = ["unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN"]
    lines += [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]
    (directory / ENVIRONMENT).write_text("\n".join(lines) + "\n")
