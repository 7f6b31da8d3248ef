"""Amazon MWAA as its clients see it: a front that speaks the CLI endpoint, before a real Airflow."""

from __future__ import annotations
