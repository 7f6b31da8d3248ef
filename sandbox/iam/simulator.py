"""Evaluation of IAM policies by a library that runs in Node."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox import npm
from sandbox.node import NodeScript
from tools.paths import BUILD

Policy = Mapping[str, Any]

_HERE = Path(__file__).parent


def is_allowed(
    *,
    principal: str,
    action: str,
    resource: str,
    identity_policies: Mapping[str, Policy],
    boundary: Policy | None = None,
    resource_policy: Policy | None = None,
    context: Mapping[str, str | Sequence[str]] | None = None,
) -> bool:
    """Return whether the policies that apply to a request allow it.

    Parameters
    ----------
    principal
        ARN of a role or a role session, or a service such as `states.amazonaws.com`.
    action
        Action such as `sts:AssumeRole`.
    resource
        ARN, or `*` for an action without resource types. Belongs to the account in the ARN, or to the principal's
        account if the ARN has none.
    identity_policies
        Identity-based policies of the principal by name.
    boundary
        Permissions boundary of the principal, if it has one.
    resource_policy
        Resource-based policy. For `sts:AssumeRole`, the role's trust policy.
    context
        Condition keys such as `sts:ExternalId`.

    Raises
    ------
    ValueError
        If a policy or the request is malformed.
    """
    # The ARN of a bucket or an object contains no account ID.
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
        "permissionBoundaryPolicies": [{"name": "boundary", "policy": boundary}]
        if boundary
        else None,
        "resourcePolicy": resource_policy,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    }
    response = _simulate(json.dumps(request))
    if "error" in response:
        raise ValueError(f"{action} on {resource} could not be evaluated: {response['error']}")
    allowed: bool = response["result"] == "Allowed"
    return allowed


def install() -> Path:
    """Install the locked evaluator if it is missing. Return the directory with its `node_modules`."""
    directory = BUILD / "iam"
    npm.install(_HERE, directory)
    return directory


# Callers repeat the same requests.
@functools.lru_cache(maxsize=1000)
def _simulate(request: str) -> dict[str, str]:
    response: dict[str, str] = _evaluator().request(json.loads(request))
    return response


@functools.cache
def _evaluator() -> NodeScript:
    return NodeScript(_HERE / "simulate.mjs", install())
