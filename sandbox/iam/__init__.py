"""Evaluation of IAM policies with `@cloud-copilot/iam-simulate`."""

from __future__ import annotations

from sandbox.iam.simulator import Policy, is_allowed

__all__ = ["Policy", "is_allowed"]
