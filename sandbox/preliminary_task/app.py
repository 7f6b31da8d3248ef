"""The Lambda behind the preliminary task of the sandbox: it stands for whatever has to happen first."""

from __future__ import annotations

from typing import Any


def lambda_handler(event: dict[str, Any], _: object) -> dict[str, str]:
    """Say for which DAG everything is ready."""
    return {"ready_for": str(event.get("mwaa_dag_name"))}
