"""The local AWS with two accounts and a real Airflow, for the demo and the tests."""

from __future__ import annotations
