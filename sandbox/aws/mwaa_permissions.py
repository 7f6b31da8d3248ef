"""What IAM is asked about a call of MWAA's API (Service Authorization Reference, prefix `airflow`)."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.mwaa.api import ApiCall

AIRFLOW_ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's roles, of which a policy for InvokeRestApi or CreateWebLoginToken names one in its resource."""


def resources(call: ApiCall, *, region: str, account: str) -> Sequence[str]:
    """Return the resources of which the caller has to be allowed one for `airflow:ACTION`."""
    prefix, name = f"arn:aws:airflow:{region}:{account}", call.environment_name
    match call.action:
        case "ListEnvironments":
            return ["*"]
        case "GetEnvironment" | "CreateCliToken":
            return [f"{prefix}:environment/{name}"]
        case _:
            return [f"{prefix}:role/{name}/{role}" for role in AIRFLOW_ROLES]
