"""The function of the sandbox's preliminary task. It is a placeholder for your own preparations."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], _: object) -> dict[str, str]:
    """Return the DAG for which the preparations are complete."""
    return {"ready_for": str(event.get("mwaa_dag_name"))}
