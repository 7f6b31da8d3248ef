"""What several levels of tests use."""

from __future__ import annotations
