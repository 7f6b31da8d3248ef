"""A local AWS with two accounts: patched moto behind a gateway that enforces IAM."""

from __future__ import annotations

from sandbox.aws.server import AwsServer

__all__ = ["AwsServer"]
