"""The root configuration as the sandbox deploys it, with the state elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.steps import Advance
from tools.errors import UserError
from tools.terraform import init, link_configuration, run

_WORKSPACE = "sandbox"
_VARIABLES = "-var-file=environments/sandbox.tfvars"
_PLAN = "planned"


def prepare(directory: Path) -> None:
    """Make a directory for the configuration's state, and install the provider into it."""
    link_configuration(directory)
    init(directory, os.environ)


class Deployment:
    """The root configuration in the workspace `sandbox`, with its state in a directory that was prepared.

    Parameters
    ----------
    directory
        What `prepare` made.
    environment
        Variables that move Terraform to the sandbox.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        settings = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": _WORKSPACE}
        self._environment = {**os.environ, **environment, **settings}

    def apply(
        self, advance: Advance, *, replace: Sequence[str] = (), **variables: str
    ) -> dict[str, str]:
        """Apply, with these variables in place of those of the workspace; return the outputs.

        Parameters
        ----------
        replace
            Addresses of resources to destroy and make again.
        variables
            Strings as they are, other values as JSON.
        """
        replaced = [f"-replace={address}" for address in replace]
        return self._change("apply", advance, _VARIABLES, *_options(variables), *replaced)

    def plan(self, **variables: str) -> dict[str, dict[str, Any]]:
        """Plan, with these variables as in `apply`; return what would change by its address.

        A change has `actions`, and the attributes `before` and `after`, as in Terraform's JSON of a plan.
        """
        self._run("plan", f"-out={_PLAN}", _VARIABLES, *_options(variables))
        resources = json.loads(self._run("show", "-json", _PLAN))["resource_changes"]
        changes = {resource["address"]: resource["change"] for resource in resources}
        return {
            address: change
            for address, change in changes.items()
            if change["actions"] not in (["no-op"], ["read"])
        }

    def apply_plan(self, advance: Advance) -> dict[str, str]:
        """Apply what was planned last; return the outputs."""
        return self._change("apply", advance, _PLAN)

    def destroy(self, advance: Advance) -> None:
        """Destroy everything that was applied."""
        self._change("destroy", advance, _VARIABLES)

    def resources(self) -> list[str]:
        """Return the addresses in the state."""
        return self._run("state", "list").split()

    def _change(self, command: str, advance: Advance, *options: str) -> dict[str, str]:
        """Run `apply` or `destroy`, counting the resources as they are done; return the outputs."""
        arguments = ["terraform", command, "-auto-approve", "-json", *options]
        process = subprocess.Popen(
            arguments, cwd=self._directory, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        errors, done, total = [], 0, 0
        outputs: dict[str, Any] = {}
        with process:
            assert process.stdout
            for line in process.stdout:
                message = json.loads(line)
                match message["type"]:
                    case "change_summary":
                        total = message["changes"]["add"] + message["changes"]["remove"]
                    case "apply_complete":
                        done += 1
                        advance(done, total)
                    case "outputs":
                        outputs = message["outputs"]
                    case "diagnostic" if message["@level"] == "error":
                        errors.append(_diagnostic(message["diagnostic"]))
        if process.returncode != 0:
            raise UserError("\n".join([f"terraform {command} failed:", *errors]))
        # One that is destroyed has none.
        return {name: output["value"] for name, output in outputs.items() if "value" in output}

    def _run(self, *arguments: str) -> str:
        return run(arguments, directory=self._directory, environment=self._environment)


def _options(variables: Mapping[str, str]) -> list[str]:
    return [f"-var={key}={value}" for key, value in variables.items()]


def _diagnostic(diagnostic: Mapping[str, Any]) -> str:
    where = f" ({diagnostic['address']})" if "address" in diagnostic else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}".strip()
