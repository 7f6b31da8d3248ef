"""Terraform commands, and directories that keep their files out of the project."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import Any

from python_terraform import IsFlagged, Terraform

from tools.errors import UserError
from tools.paths import PROJECT, ZIP

_SECONDS = 600.0

PROVIDER = "5.100.0"
"""Version of the AWS provider that the local AWS is tested with. The configuration itself accepts others, too."""

Message = Mapping[str, Any]
"""A line of the output of a command with `-json` (Terraform's documentation, "Machine-Readable UI")."""


@dataclass(frozen=True)
class Diagnostic:
    """An error that Terraform reports: its summary, its text, and the address or block that it refers to."""

    summary: str
    text: str
    about: str

    def __str__(self) -> str:
        head = f"{self.summary} ({self.about})" if self.about else self.summary
        return head if self.text == self.summary else f"{head}: {self.text}"


class TerraformError(UserError):
    """A command has failed."""

    def __init__(self, command: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join([f"terraform {command} failed:", *map(str, diagnostics)]))
        self.command = command
        self.diagnostics = diagnostics

    @property
    def texts(self) -> list[str]:
        """The texts of the errors."""
        return [diagnostic.text for diagnostic in self.diagnostics]


def run(
    command: str,
    *arguments: str,
    directory: Path,
    environment: Mapping[str, str],
    **options: Any,
) -> str:
    """Run a command, and return its output.

    Parameters
    ----------
    options
        As python-terraform accepts them: `IsFlagged` for an option without a value, a list for a repeated option, and
        for `var` a dictionary with values of any type.

    Raises
    ------
    TerraformError
        If the command fails.
    """
    return "".join(
        _lines(command, *arguments, directory=directory, environment=environment, **options)
    )


def messages(
    command: str, *, directory: Path, environment: Mapping[str, str], **options: Any
) -> Iterator[Message]:
    """Run a command with `-json`, and yield its messages while it runs; raise like `run`."""
    lines = _lines(command, directory=directory, environment=environment, json=IsFlagged, **options)
    yield from map(json.loads, lines)


def _lines(
    command: str,
    *arguments: str,
    directory: Path,
    environment: Mapping[str, str],
    **options: Any,
) -> Iterator[str]:
    # Builds the command line only: its own `cmd` neither streams the output nor accepts environment variables.
    terraform = Terraform(working_dir=str(directory))
    errors: list[Diagnostic] = []
    with ExitStack() as stack:
        stack.callback(terraform.temp_var_files.clean_up)
        stderr = stack.enter_context(TemporaryFile("w+"))
        process = stack.enter_context(
            subprocess.Popen(
                terraform.generate_cmd_string(command, *arguments, **options),
                cwd=directory,
                env={**environment, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        )
        limit = Timer(_SECONDS, process.terminate)
        limit.start()
        stack.callback(limit.cancel)
        assert process.stdout
        for line in process.stdout:
            errors += _errors(line)
            yield line
        if process.wait() != 0:
            stderr.seek(0)
            text = stderr.read().strip() or f"Stopped after {_SECONDS:.0f} s, its time limit."
            raise TerraformError(command, errors or [Diagnostic("Error", text, "")])


def _errors(line: str) -> Iterator[Diagnostic]:
    """Yield the error in a line of output, if any."""
    if not line.startswith('{"@level":"error"'):
        return
    diagnostic = json.loads(line).get("diagnostic")
    if diagnostic:
        snippet = diagnostic.get("snippet") or {}
        yield Diagnostic(
            diagnostic["summary"],
            (diagnostic["detail"] or diagnostic["summary"]).partition("\n\nThis was checked by")[0],
            diagnostic.get("address") or snippet.get("context") or "",
        )


def link_configuration(directory: Path) -> None:
    """Create a directory with links to the files of the root configuration and to the built package.

    The directory contains the state and the plug-ins. A backend in the root configuration is not used.
    """
    if not ZIP.is_file():
        raise UserError(f"{ZIP.relative_to(PROJECT)} does not exist: run `make package`.")
    directory.mkdir(parents=True, exist_ok=True)
    for path in (
        *PROJECT.glob("*.tf"),
        *(PROJECT / name for name in ("dist", "environments", "modules")),
    ):
        link = directory / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    override(directory)


def override(directory: Path) -> None:
    """Write a file that makes a configuration keep its state here and use the tested version of the provider.

    Source: Terraform's documentation, "Override Files".
    """
    (directory / "local_override.tf").write_text(
        f"""\
terraform {{
  backend "local" {{}}
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "{PROVIDER}"
    }}
  }}
}}
"""
    )


def init(directory: Path, environment: Mapping[str, str]) -> None:
    """Run `terraform init`."""
    try:
        run("init", directory=directory, environment=environment, json=IsFlagged)
    except TerraformError as error:
        if "available provider packages" in str(error) or "install provider" in str(error):
            raise UserError(
                "Terraform found its AWS provider neither in the registry nor in a local mirror: connect to the "
                "network, or put hashicorp/aws into a filesystem mirror (Terraform's CLI configuration, "
                "`provider_installation`)."
            ) from error
        raise
