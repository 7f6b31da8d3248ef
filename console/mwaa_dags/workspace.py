"""The state machine that the user means."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from mwaa_dags.arns import StateMachineArn
from mwaa_dags.errors import ConsoleError

_OUTPUT = "state_machine_arn"
_SECONDS = 120
_OR_SET = "or set --state-machine or MWAA_DAGS_STATE_MACHINE"


def find_state_machine(given: str | None) -> StateMachineArn:
    """Return the given state machine, or the state machine of the Terraform workspace in this directory."""
    return StateMachineArn.parse(given or _read_output())


def _read_output() -> str:
    directory = Path.cwd()
    if not shutil.which("terraform"):
        raise ConsoleError(f"The state machine is not known: install Terraform, {_OR_SET}.")
    done = _terraform("output", "-json")
    if done.returncode:
        raise ConsoleError(
            f"`terraform output` failed in {directory}: go to the directory of your configuration and run "
            f"`terraform init`, {_OR_SET}."
        )
    output = json.loads(done.stdout).get(_OUTPUT)
    if not output:
        workspace = _terraform("workspace", "show").stdout.strip()
        raise ConsoleError(
            f"The workspace {workspace} in {directory} has no output {_OUTPUT}: select a workspace that has "
            f"been applied, {_OR_SET}."
        )
    return str(output["value"])


def _terraform(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["terraform", *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ConsoleError(
            f"`terraform {arguments[0]}` took longer than {_SECONDS} s: check the backend, {_OR_SET}."
        ) from None
