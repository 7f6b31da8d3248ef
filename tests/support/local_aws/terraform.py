"""Terraform for tests, without the cost of hashing the provider at each command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment, prepare
from sandbox.mwaa.front import MwaaFront
from tools.paths import PROJECT
from tools.terraform import init, override

_KEYS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox", "AWS_REGION": REGION}


@dataclass(frozen=True)
class Stack:
    """The root configuration, ready to be applied to the accounts of a local AWS."""

    aws: AwsServer
    deployment: Deployment
    source: Account
    target: Account


@dataclass(frozen=True)
class Terraform:
    """Creates deployments; `environment` holds the environment variables of `terraform init`."""

    environment: Mapping[str, str]

    def environment_for(self, aws: AwsServer) -> dict[str, str]:
        """Return the environment variables of all other commands, for this local AWS."""
        return {**self.environment, **aws.environment, **_KEYS}

    def deployment(self, directory: Path, aws: AwsServer) -> Deployment:
        """Return the root configuration, ready to be applied, with its state in this directory."""
        prepare(directory, self.environment)
        return Deployment(directory, self.environment_for(aws))

    @contextmanager
    def stack(self, front: MwaaFront, directory: Path) -> Iterator[Stack]:
        """Start a local AWS with this MWAA in the target account, and stop it at the end of the `with`."""
        environment = {"REQUESTS_CA_BUNDLE": str(front.ca_file)}
        with AwsServer({TARGET_ACCOUNT: front}, lambda_environment=environment) as aws:
            source, target = (Account(aws.url, n) for n in (SOURCE_ACCOUNT, TARGET_ACCOUNT))
            yield Stack(aws, self.deployment(directory, aws), source, target)


def with_provider_of(directory: Path) -> Terraform:
    """Install the provider into this directory, and return a Terraform that uses it from there.

    By default each command compares the hash of the provider's 650 MB with the lock file, which takes half a second of
    CPU. With a development override no command does (Terraform's documentation, "Development Overrides for Provider
    Developers"). Only `init` still installs a provider, for which an empty file is enough.
    """
    shutil.copy(PROJECT / "versions.tf", directory)
    override(directory)
    init(directory, os.environ)
    providers = directory / ".terraform/providers"
    [package] = providers.glob("*/hashicorp/aws/*/*")
    placeholder = directory / "mirror" / package.relative_to(providers)
    placeholder.mkdir(parents=True)
    (placeholder / "terraform-provider-aws").touch(mode=0o755)
    file = directory / "terraform.rc"
    file.write_text(
        f"""\
provider_installation {{
  dev_overrides {{
    "hashicorp/aws" = "{package.resolve()}"
  }}
  filesystem_mirror {{
    path = "{directory / "mirror"}"
  }}
}}
"""
    )
    return Terraform({**os.environ, "TF_CLI_CONFIG_FILE": str(file)})
