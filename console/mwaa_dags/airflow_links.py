"""Links to pages of Airflow."""

from __future__ import annotations

from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from mwaa_dags.accounts import Account


def find_run_link(target: Account | None, *, env_name: str, dag_id: str, run_id: str) -> str | None:
    """Return the page of a DAG run, or None if the web server is not known."""
    if target is None:
        return None
    try:
        environment = target.mwaa.get_environment(Name=env_name)["Environment"]
    except (BotoCoreError, ClientError):
        return None
    host, version = environment.get("WebserverUrl"), environment.get("AirflowVersion", "")
    if not host:
        return None
    dag, run = quote(dag_id, safe=""), quote(run_id, safe="")
    if version.startswith("2."):
        return f"https://{host}/dags/{dag}/grid?dag_run_id={run}"
    return f"https://{host}/dags/{dag}/runs/{run}"
