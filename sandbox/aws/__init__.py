"""A local AWS with two accounts: patched moto behind a gateway that enforces IAM."""

from __future__ import annotations

from sandbox.aws import without_batch  # noqa: F401 - before all other imports of moto
from sandbox.aws.server import AwsServer

__all__ = ["AwsServer"]
