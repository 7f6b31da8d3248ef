"""IAM decisions as AWS would make them, by the `@cloud-copilot/iam-simulate` evaluator."""

from __future__ import annotations

from sandbox.iam.simulator import Policy, is_allowed

__all__ = ["Policy", "is_allowed"]
