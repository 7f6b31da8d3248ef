"""DAGs that refuse some runs. Loads on Airflow 2 and 3."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

try:
    from airflow.sdk import DAG, Param
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models.param import Param

START = datetime(2024, 1, 1, tzinfo=UTC)

with_params = DAG(
    "with_params", schedule=None, start_date=START, params={"number": Param(1, type="integer")}
)
if "allowed_run_types" in inspect.signature(DAG).parameters:  # 3.2 and later
    scheduled_only = DAG(
        "scheduled_only", schedule="@yearly", start_date=START, allowed_run_types=["scheduled"]
    )
