"""A long-lived Node process that evaluates IAM requests."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sandbox import npm
from tools.errors import UserError
from tools.paths import BUILD

Policy = Mapping[str, Any]

_HERE = Path(__file__).parent


class Simulator:
    """Context manager around the evaluator; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [npm.node(), _HERE / "simulate.mjs", install()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        # The evaluator ends when its input does.
        self._process.communicate(timeout=60)

    def allows(
        self,
        *,
        principal: str,
        action: str,
        resource: str,
        identity_policies: Mapping[str, Policy],
        resource_policy: Policy | None = None,
        context: Mapping[str, str | Sequence[str]] | None = None,
    ) -> bool:
        """Return whether the policies that apply to a request allow it.

        Parameters
        ----------
        principal
            ARN of a role or of a role's session, or a service such as `states.amazonaws.com`.
        action
            Such as `sts:AssumeRole`.
        resource
            ARN, or `*` for an action that knows no resource; its account, or else the principal's, owns it.
        identity_policies
            The principal's own policies by name.
        resource_policy
            For `sts:AssumeRole` the role's trust policy.
        context
            Condition keys such as `sts:ExternalId`.

        Raises
        ------
        ValueError
            If the evaluator finds a policy or the request malformed.
        """
        # The ARN of a bucket or an object names no account.
        account = resource.split(":")[4] if resource != "*" else ""
        request = {
            "request": {
                "principal": principal,
                "action": action,
                "resource": {
                    "resource": resource,
                    "accountId": account or principal.split(":")[4],
                },
                "contextVariables": dict(context or {}),
            },
            "identityPolicies": [
                {"name": name, "policy": policy} for name, policy in identity_policies.items()
            ],
            "resourcePolicy": resource_policy,
            "serviceControlPolicies": [],
            "resourceControlPolicies": [],
        }
        assert self._process.stdin and self._process.stdout
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise UserError(
                f"The IAM evaluator ended with exit code {self._process.wait(10)}: see its messages above."
            )
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(f"{action} on {resource} could not be evaluated: {answer['error']}")
        allowed: bool = answer["result"] == "Allowed"
        return allowed


def install() -> Path:
    """Install the evaluator as locked, once; return the directory of its `node_modules`."""
    directory = BUILD / "iam"
    npm.install(_HERE, directory)
    return directory
