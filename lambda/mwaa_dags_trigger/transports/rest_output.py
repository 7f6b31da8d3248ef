"""Parse what Airflow's REST API shows of DAGs and DAG runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.base import Dag, last_line


def parse_dag(body: Mapping[str, Any], version: str, import_errors: Mapping[str, str]) -> Dag:
    """Return the DAG with the import errors in its file."""
    file = str(body.get("fileloc"))
    return Dag(
        exists=True,
        airflow_version=version,
        paused=body["is_paused"] is True,
        import_errors={name: text for name, text in import_errors.items() if file.endswith(name)},
        params={name: _describe_param(param) for name, param in body["params"].items()},
    )


def parse_import_errors(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the last line of each import error by file. A denial has none."""
    errors = body.get("import_errors", [])
    return {str(error["filename"]): last_line(error["stack_trace"]) for error in errors}


def is_run(body: Any, key: RunKey) -> bool:
    """Return whether this is the requested DAG run."""
    ids = (key.mwaa_dag_name, key.dag_run_id)
    return isinstance(body, dict) and (body.get("dag_id"), body.get("dag_run_id")) == ids


def is_page(body: Any) -> bool:
    """Return whether this is a page of DAG runs."""
    return (
        isinstance(body, dict)
        and isinstance(body.get("dag_runs"), list)
        and isinstance(body.get("total_entries"), int)
    )


def _describe_param(param: Mapping[str, Any]) -> str:
    """Return the type of a param, and whether a conf must contain it, because it has no default."""
    types = (param.get("schema") or {}).get("type", "any")
    names = types if isinstance(types, list) else [types]
    is_required = param.get("value") is None and not {"any", "null"} & set(names)
    return " or ".join(map(str, names)) + (", required" if is_required else "")
