"""A local AWS of two accounts: moto, with what it lacks added, and IAM enforced on the path of a trigger."""

from __future__ import annotations

from sandbox.aws.server import AwsServer

__all__ = ["AwsServer"]
