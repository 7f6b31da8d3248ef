"""Terraform for the tests, which do not hash the provider's package again at each command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION
from sandbox.deployment import Deployment, prepare
from tools.paths import PROJECT
from tools.terraform import init, override

_KEYS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox", "AWS_REGION": REGION}


@dataclass(frozen=True)
class Terraform:
    """What makes deployments; `environment` is what all commands but `init` are run with."""

    environment: Mapping[str, str]

    def deployment(self, directory: Path, aws: AwsServer) -> Deployment:
        """Return the root configuration, ready to be applied, with its state in this directory."""
        prepare(directory)
        return Deployment(directory, {**self.environment, **aws.environment, **_KEYS})


def with_provider_of(directory: Path) -> Terraform:
    """Return a Terraform whose provider was installed into this directory, and checked there for once.

    Each command would otherwise compare the hash of its 650 MB with the lock's, for half a second of CPU (Terraform's
    documentation, "Development Overrides for Provider Developers").
    """
    shutil.copy(PROJECT / "versions.tf", directory)
    override(directory)
    init(directory, os.environ)
    [package] = directory.glob(".terraform/providers/*/hashicorp/aws/*/*")
    file = directory / "terraform.rc"
    file.write_text(
        f'provider_installation {{\n  dev_overrides {{\n    "hashicorp/aws" = "{package.resolve()}"\n  }}\n}}\n'
    )
    return Terraform({**os.environ, "TF_CLI_CONFIG_FILE": str(file)})
