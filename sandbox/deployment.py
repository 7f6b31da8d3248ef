"""Configurations as the sandbox deploys them, the root's with its state elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.steps import Advance
from tools.errors import UserError
from tools.terraform import init, link_configuration, run

_WORKSPACE = "sandbox"
_VAR_FILES = ("environments/sandbox.tfvars",)
_PLAN = "planned"


def prepare(directory: Path) -> None:
    """Make a directory for the root configuration's state, and install the provider into it."""
    link_configuration(directory)
    init(directory, os.environ)


class Deployment:
    """A configuration in the workspace `sandbox`, with its state in a directory that was prepared.

    Parameters
    ----------
    directory
        The root configuration as `prepare` made it, or another one that is initialised.
    environment
        Variables that move Terraform to the sandbox.
    var_files
        Paths from the directory; the last one wins.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], var_files: Sequence[str] = _VAR_FILES
    ) -> None:
        self._directory = directory
        settings = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_WORKSPACE": _WORKSPACE}
        self._environment = {**os.environ, **environment, **settings}
        self._var_files = [f"-var-file={path}" for path in var_files]

    def apply(
        self, advance: Advance, *, replace: Sequence[str] = (), **variables: str
    ) -> dict[str, Any]:
        """Apply, with these variables in place of those of the files; return the outputs.

        Parameters
        ----------
        replace
            Addresses of resources to destroy and make again.
        variables
            Strings as they are, other values as JSON.
        """
        replaced = [f"-replace={address}" for address in replace]
        return self._change("apply", advance, *self._options(variables), *replaced)

    def plan(self, **variables: str) -> dict[str, str]:
        """Plan, with these variables as in `apply`; return what would be done to what, by its address.

        It is `create`, `update`, `replace` or `delete`.
        """
        messages = self._messages("plan", f"-out={_PLAN}", *self._options(variables))
        changes = [m["change"] for m in messages if m["type"] == "planned_change"]
        return {
            change["resource"]["addr"]: change["action"]
            for change in changes
            if change["action"] != "read"
        }

    def planned(self) -> dict[str, dict[str, Any]]:
        """Return what was planned last by its address: `before` and `after`, as in Terraform's JSON of a plan."""
        shown = run(
            ["show", "-json", _PLAN], directory=self._directory, environment=self._environment
        )
        changes = json.loads(shown)["resource_changes"]
        return {change["address"]: change["change"] for change in changes}

    def apply_plan(self, advance: Advance) -> dict[str, Any]:
        """Apply what was planned last; return the outputs."""
        return self._change("apply", advance, _PLAN)

    def destroy(self, advance: Advance) -> None:
        """Destroy everything that was applied."""
        self._change("destroy", advance, *self._var_files)

    def resources(self) -> list[str]:
        """Return the addresses in the state."""
        listed = run(["state", "list"], directory=self._directory, environment=self._environment)
        return listed.split()

    def _change(self, command: str, advance: Advance, *options: str) -> dict[str, Any]:
        """Run `apply` or `destroy`, counting the resources as they are done; return the outputs."""
        done, total = 0, 0
        outputs: dict[str, Any] = {}
        for message in self._messages(command, "-auto-approve", *options):
            match message["type"]:
                case "change_summary":
                    total = message["changes"]["add"] + message["changes"]["remove"]
                case "apply_complete":
                    done += 1
                    advance(done, total)
                case "outputs":
                    outputs = message["outputs"]
        # One that is destroyed has none.
        return {name: output["value"] for name, output in outputs.items() if "value" in output}

    def _messages(self, command: str, *options: str) -> Iterator[dict[str, Any]]:
        """Yield what a command says; raise `UserError` if it failed."""
        arguments = ["terraform", command, "-json", *options]
        process = subprocess.Popen(
            arguments, cwd=self._directory, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        errors = []
        with process:
            assert process.stdout
            for message in map(json.loads, process.stdout):
                if message["type"] == "diagnostic" and message["@level"] == "error":
                    errors.append(_diagnostic(message["diagnostic"]))
                yield message
        if process.returncode != 0:
            raise UserError("\n".join([f"terraform {command} failed:", *errors]))

    def _options(self, variables: Mapping[str, str]) -> list[str]:
        return [*self._var_files, *(f"-var={name}={value}" for name, value in variables.items())]


def _diagnostic(diagnostic: Mapping[str, Any]) -> str:
    where = f" ({diagnostic['address']})" if "address" in diagnostic else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}".strip()
