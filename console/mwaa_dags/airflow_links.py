"""Links to pages of Airflow."""

from __future__ import annotations

from urllib.parse import quote

from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import CheckImpossible


def find_run_link(facts: Facts, *, env_name: str, dag_id: str, run_id: str) -> str:
    """Return the page of a DAG run.

    Raises
    ------
    CheckImpossible
        If the web server is not known.
    """
    environment = facts.environment(env_name)
    host = environment.get("WebserverUrl") if environment else None
    if not environment or not host:
        raise CheckImpossible(f"MWAA environment {env_name} has no web server")
    dag, run = quote(dag_id, safe=""), quote(run_id, safe="")
    if environment.get("AirflowVersion", "").startswith("2."):
        return f"https://{host}/dags/{dag}/grid?dag_run_id={run}"
    return f"https://{host}/dags/{dag}/runs/{run}"
