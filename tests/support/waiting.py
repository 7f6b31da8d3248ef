"""Wait for another process or thread."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMEOUT = 300.0
"""Seconds before a wait fails."""


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; raise `TimeoutError` if it never does."""
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The condition did not hold within {TIMEOUT:.0f} s.")
        time.sleep(0.05)
