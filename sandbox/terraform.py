"""Runs Terraform on the root configuration, with the state elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.build import BUILD_DIR, PACKAGE, PROJECT
from sandbox.errors import SandboxError
from sandbox.steps import Advance

_WORKSPACE = "sandbox"
_VARIABLES = "-var-file=environments/sandbox.tfvars"
_SECONDS = 600


class Deployment:
    """The root configuration in the workspace `sandbox`, with its state in `directory`."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = {**os.environ, **environment, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        link_configuration(directory)

    def init(self) -> None:
        """Install the provider and choose the workspace."""
        init(self._directory, self._environment)
        self._run("workspace", "select", "-or-create", _WORKSPACE)

    def apply(self, advance: Advance, **variables: str) -> dict[str, str]:
        """Apply, with these variables in place of those of the workspace; return the outputs."""
        self._change("apply", advance, *_options(variables))
        outputs = json.loads(self._run("output", "-json"))
        return {name: output["value"] for name, output in outputs.items()}

    def destroy(self, advance: Advance) -> None:
        """Destroy everything that was applied."""
        self._change("destroy", advance)

    def changes(self, **variables: str) -> list[str]:
        """Plan, with these variables as in `apply`; return the addresses of what would change."""
        self._run("plan", "-out=plan", _VARIABLES, *_options(variables))
        plan = json.loads(self._run("show", "-json", "plan"))
        return [
            change["address"]
            for change in plan.get("resource_changes", ())
            if change["change"]["actions"] not in (["no-op"], ["read"])
        ]

    def resources(self) -> list[str]:
        """Return the addresses in the state."""
        return self._run("state", "list").split()

    def _change(self, command: str, advance: Advance, *options: str) -> None:
        """Run `apply` or `destroy`, counting the resources as they are done."""
        arguments = ["terraform", command, "-auto-approve", "-json", _VARIABLES, *options]
        process = subprocess.Popen(
            arguments, cwd=self._directory, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        errors, done, total = [], 0, 0
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
                    case "diagnostic" if message["@level"] == "error":
                        errors.append(_diagnostic(message["diagnostic"]))
        if process.returncode != 0:
            raise SandboxError("\n".join([f"terraform {command} failed:", *errors]))

    def _run(self, *arguments: str) -> str:
        return run(arguments, directory=self._directory, environment=self._environment)


def _options(variables: Mapping[str, str]) -> list[str]:
    return [f"-var={key}={value}" for key, value in variables.items()]


def link_configuration(directory: Path) -> None:
    """Make a directory of links to all that makes up the root configuration, the built package included.

    State and plug-ins stay in it, and a backend that the root configuration names is left alone.
    """
    if not PACKAGE.is_file():
        raise SandboxError(f"{PACKAGE.relative_to(PROJECT)} is not there: run `make package`.")
    directory.mkdir(parents=True, exist_ok=True)
    for path in (
        *PROJECT.glob("*.tf"),
        *(PROJECT / name for name in ("dist", "environments", "modules")),
    ):
        link = directory / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    (directory / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')


def validate() -> None:
    """Run `terraform validate` on the root configuration, and on the modules that it calls."""
    directory = BUILD_DIR / "validate"
    link_configuration(directory)
    init(directory, os.environ)
    run(["validate", "-no-color"], directory=directory, environment=os.environ)


def init(directory: Path, environment: Mapping[str, str]) -> None:
    """Run `terraform init` without a backend's questions."""
    try:
        run(["init", "-no-color"], directory=directory, environment=environment)
    except SandboxError as error:
        if "available provider packages" in str(error) or "install provider" in str(error):
            raise SandboxError(
                "Terraform found its AWS provider neither in the registry nor in a local mirror: connect to the "
                "network, or put hashicorp/aws into a filesystem mirror (Terraform's CLI configuration, "
                "`provider_installation`)."
            ) from error
        raise


def run(arguments: Any, *, directory: Path, environment: Mapping[str, str]) -> str:
    """Run one Terraform command; return its output, raise `SandboxError` with its errors."""
    result = subprocess.run(
        ["terraform", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise SandboxError(f"terraform {arguments[0]} failed:\n{result.stderr.strip()}")
    return result.stdout


def _diagnostic(diagnostic: Mapping[str, Any]) -> str:
    where = f" ({diagnostic['address']})" if "address" in diagnostic else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}".strip()
