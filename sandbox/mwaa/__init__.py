"""Amazon MWAA as its clients see it: its API and CLI endpoint, in front of a real Airflow."""

from __future__ import annotations
