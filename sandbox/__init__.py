"""The local two-account AWS, with a real Airflow behind it, that the demo and the tests run on."""

from __future__ import annotations
