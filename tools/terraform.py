"""Terraform on the root configuration, whose files stay as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.errors import UserError
from tools.paths import PROJECT, ZIP

_SECONDS = 600

PROVIDER = "5.100.0"
"""The AWS provider's version that the local AWS is known to serve; the configuration itself takes others, too."""


def link_configuration(directory: Path) -> None:
    """Make a directory of links to all that makes up the root configuration, the built package included.

    State and plug-ins stay in it, and a backend that the root configuration names is left alone.
    """
    if not ZIP.is_file():
        raise UserError(f"{ZIP.relative_to(PROJECT)} is not there: run `make package`.")
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
    """Write a file by which a configuration keeps its state here and takes the provider that was tested.

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
    """Run `terraform init` without a backend's questions."""
    try:
        run(["init", "-no-color"], directory=directory, environment=environment)
    except UserError as error:
        if "available provider packages" in str(error) or "install provider" in str(error):
            raise UserError(
                "Terraform found its AWS provider neither in the registry nor in a local mirror: connect to the "
                "network, or put hashicorp/aws into a filesystem mirror (Terraform's CLI configuration, "
                "`provider_installation`)."
            ) from error
        raise


def run(arguments: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> str:
    """Run one Terraform command; return its output, raise `UserError` with its errors."""
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
        raise UserError(f"terraform {arguments[0]} failed:\n{result.stderr.strip()}")
    return result.stdout
