"""Describe a DAG: whether it exists, is paused, has import errors, and which params it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mwaa_dags_trigger.actions.status import read
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.request import DagKey, DescribeDag
from mwaa_dags_trigger.transports.base import Dag, Transport


@dataclass(frozen=True, kw_only=True)
class DagResult:
    """The DAG, and the name of the transport."""

    key: DagKey
    dag: Dag
    transport: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            "mwaa_env_name": self.key.mwaa_env_name,
            "mwaa_dag_name": self.key.mwaa_dag_name,
            "exists": self.dag.exists,
            "paused": self.dag.paused,
            "import_errors": self.dag.import_errors,
            "params": self.dag.params,
            "airflow_version": self.dag.airflow_version,
            "transport": self.transport,
        }


def describe_dag(request: DescribeDag, transport: Transport, deadline: Deadline) -> DagResult:
    """Return the DAG; see `Transport.describe_dag`.

    Raises
    ------
    TriggerError
        If the lookup failed. An unknown DAG is not an error.
    """
    key = request.key
    dag = read(transport.describe_dag, key, transport, deadline)
    return DagResult(key=key, dag=dag, transport=transport.name)
