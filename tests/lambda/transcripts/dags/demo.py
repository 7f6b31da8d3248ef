"""The DAGs whose runs are recorded: one that runs, and one that is paused. Loads on Airflow 2 and 3."""

from __future__ import annotations

from datetime import UTC, datetime

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG

START = datetime(2024, 1, 1, tzinfo=UTC)

demo = DAG("demo", schedule=None, start_date=START)
demo_paused = DAG("demo_paused", schedule=None, start_date=START, is_paused_upon_creation=True)
