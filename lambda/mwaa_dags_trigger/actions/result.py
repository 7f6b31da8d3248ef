"""The result of an action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.base import DagRun


@dataclass(frozen=True, kw_only=True)
class Result:
    """The DAG run, and the name of the transport. Each action adds its own fields."""

    key: RunKey
    run: DagRun
    transport: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            "mwaa_env_name": self.key.mwaa_env_name,
            "mwaa_dag_name": self.key.mwaa_dag_name,
            "dag_run_id": self.key.dag_run_id,
            "state": self.run.state,
            "airflow_version": self.run.airflow_version,
            "transport": self.transport,
            "package_version": __version__,
        }
