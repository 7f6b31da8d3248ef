"""A simulated clock."""

from __future__ import annotations

FUNCTION_SECONDS = 300.0
"""Seconds on the clock after which Lambda would end the invocation."""


class Clock:
    """A clock that only a test and `sleep` advance.

    Attributes
    ----------
    now
        Current time in seconds.
    end
        Time at which the invocation ends, for tests with one invocation.
    pauses
        Seconds of each call of `sleep`, in their order.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.end = FUNCTION_SECONDS
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
