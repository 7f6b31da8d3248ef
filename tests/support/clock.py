"""The clock of every test that waits."""

from __future__ import annotations

FUNCTION_SECONDS = 300.0
"""Of the clock, after which Lambda would end the invocation."""


class Clock:
    """Seconds that only a test and `sleep` move.

    Attributes
    ----------
    now
        The time.
    end
        When the invocation ends, where a test has only one.
    pauses
        What was slept, in the order it was.
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
