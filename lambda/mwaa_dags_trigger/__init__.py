"""Create DAG runs on Amazon MWAA, exactly one for each request."""

from __future__ import annotations

__version__ = "0.1.0"
