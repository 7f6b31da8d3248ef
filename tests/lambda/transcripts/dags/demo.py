"""The DAGs whose runs are recorded: `demo` with a task, and a paused DAG without tasks. Loads on Airflow 2 and 3."""

from __future__ import annotations

from datetime import UTC, datetime

try:
    from airflow.sdk import DAG, BaseOperator
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models.baseoperator import BaseOperator

START = datetime(2024, 1, 1, tzinfo=UTC)

demo = DAG("demo", schedule=None, start_date=START)
BaseOperator(task_id="work", dag=demo)
demo_paused = DAG("demo_paused", schedule=None, start_date=START, is_paused_upon_creation=True)
