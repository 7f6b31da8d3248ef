"""Deployment of the root configuration and other configurations into the sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from sandbox.steps import Advance
from tools.terraform import Message, init, link_configuration, messages, run

_WORKSPACE = "sandbox"
_VAR_FILES = ("environments/sandbox.tfvars",)


def prepare(directory: Path, environment: Mapping[str, str]) -> None:
    """Create a directory for the root configuration and its state, and run `terraform init` in it."""
    link_configuration(directory)
    init(directory, environment)


@dataclass(frozen=True)
class Applied:
    """Result of an apply: the actions, as `Deployment.plan` returns them, and the outputs of the configuration."""

    actions: Mapping[str, str]
    outputs: Mapping[str, Any]


class Deployment:
    """A configuration in the workspace `sandbox`, in a directory with its own state.

    Parameters
    ----------
    directory
        The root configuration as `prepare` creates it, or another configuration that is initialised.
    environment
        Environment variables that connect Terraform to the sandbox.
    var_files
        Paths relative to the directory. Later files take precedence.
    """

    def __init__(
        self, directory: Path, environment: Mapping[str, str], var_files: Sequence[str] = _VAR_FILES
    ) -> None:
        self._directory = directory
        self._environment = {**os.environ, **environment, "TF_WORKSPACE": _WORKSPACE}
        self._var_files = list(var_files)

    def apply(self, advance: Advance, *, replace: Sequence[str] = (), **variables: Any) -> Applied:
        """Apply. These variables take precedence over the files.

        Parameters
        ----------
        replace
            Addresses of resources to recreate.
        """
        return self._change("apply", advance, variables, replace=list(replace))

    def plan(self, **variables: Any) -> dict[str, str]:
        """Plan with these variables, as in `apply`. Return the action for each address that would change.

        An action is `create`, `update`, `replace` or `delete`.
        """
        actions: dict[str, str] = {}
        for message in self._messages("plan", variables):
            actions |= _action(message)
        return actions

    def destroy(self, advance: Advance) -> None:
        """Destroy all applied resources."""
        # Terraform alone changes the resources of the sandbox.
        self._change("destroy", advance, {}, refresh=False)

    def resources(self) -> list[str]:
        """Return the addresses in the state."""
        listed = run("state list", directory=self._directory, environment=self._environment)
        return listed.split()

    def _change(
        self, command: str, advance: Advance, variables: Mapping[str, Any], **options: Any
    ) -> Applied:
        """Run `apply` or `destroy`, and report progress after each resource."""
        done, total = 0, 0
        actions: dict[str, str] = {}
        outputs: dict[str, Any] = {}
        for message in self._messages(command, variables, auto_approve=IsFlagged, **options):
            actions |= _action(message)
            match message["type"]:
                case "change_summary":
                    total = message["changes"]["add"] + message["changes"]["remove"]
                case "apply_complete":
                    done += 1
                    advance(done, total)
                case "outputs":
                    outputs = message["outputs"]
        # A destroyed output has no value.
        return Applied(actions, {name: o["value"] for name, o in outputs.items() if "value" in o})

    def _messages(
        self, command: str, variables: Mapping[str, Any], **options: Any
    ) -> Iterator[Message]:
        return messages(
            command,
            directory=self._directory,
            environment=self._environment,
            var_file=self._var_files,
            var=dict(variables),
            **options,
        )


def _action(message: Message) -> dict[str, str]:
    """Return the action that a message announces, by the address of its resource, if any."""
    if message["type"] != "planned_change" or message["change"]["action"] == "read":
        return {}
    change = message["change"]
    return {change["resource"]["addr"]: change["action"]}
