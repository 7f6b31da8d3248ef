"""The commands for each version of Airflow, without the leading word `airflow`."""

from __future__ import annotations

import json

from mwaa_dags_trigger.errors import CommandRejected
from mwaa_dags_trigger.mwaa.environments import AirflowVersion
from mwaa_dags_trigger.request import DagKey, RunKey, Trigger


def can_query_single_run(key: RunKey, version: AirflowVersion) -> bool:
    """Return whether the command line can show this run without listing all runs of the DAG.

    The commands for a single run treat an unknown run id as a date if they can, and would then show
    another run. No date contains `_`.
    """
    return "_" in key.dag_run_id and (version.major, version.minor) >= (2, 2)


def trigger_command(trigger: Trigger, version: AirflowVersion) -> list[str]:
    """Return the command that creates the DAG run.

    Raises
    ------
    CommandRejected
        If the environment is older than Airflow 2.
    """
    if version.major < 2:
        raise CommandRejected(
            f"MWAA environment {trigger.key.mwaa_env_name} runs Airflow {version.text}, which has "
            "different commands. Upgrade it to Airflow 2 or later."
        )
    # In JSON, ' occurs only in strings. Escaped, it cannot end the shell's quotes.
    conf = json.dumps(trigger.conf, ensure_ascii=True).replace("'", "\\u0027")
    words = ["dags", "trigger", trigger.key.mwaa_dag_name]
    words += ["--run-id", trigger.key.dag_run_id, "--conf", conf]
    if (version.major, version.minor) >= (2, 6):
        words += ["-o", "json"]
        if version.major == 2:
            # Without this option, two runs of a DAG in the same second collide.
            words += ["--no-replace-microseconds"]
    return words


def list_command(key: RunKey, version: AirflowVersion) -> list[str]:
    """Return the command that lists all runs of the DAG."""
    dag = ["-d", key.mwaa_dag_name] if version.major == 2 else [key.mwaa_dag_name]
    return ["dags", "list-runs", *dag, "-o", "json"]


def state_command(key: RunKey, run: str) -> list[str]:
    """Return the command that shows the state of a run: its date on Airflow 2, or its run id."""
    return ["dags", "state", key.mwaa_dag_name, run]


def next_execution_command(key: RunKey) -> list[str]:
    """Return the command that shows whether the DAG is paused. MWAA supports it."""
    return ["dags", "next-execution", key.mwaa_dag_name]


def details_command(key: DagKey) -> list[str]:
    """Return the command that shows the DAG."""
    return ["dags", "details", key.mwaa_dag_name, "-o", "json"]


def import_errors_command() -> list[str]:
    """Return the command that lists the import errors of all files."""
    return ["dags", "list-import-errors", "-o", "json"]


def tasks_command(key: RunKey) -> list[str]:
    """Return the command that lists the tasks of the run."""
    return ["tasks", "states-for-dag-run", key.mwaa_dag_name, key.dag_run_id, "-o", "json"]
