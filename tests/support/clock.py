"""The clock of every test that waits."""

from __future__ import annotations

from mwaa_dags_trigger.deadline import Deadline

FUNCTION_SECONDS = 300.0
"""Of the clock, after which Lambda would end the invocation."""


class Clock:
    """Seconds that only a test and `sleep` move.

    Attributes
    ----------
    now
        The time.
    pauses
        What was slept, in the order it was.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def deadline(self) -> Deadline:
        """Return the end of an invocation that begins now."""
        ends = self.now + FUNCTION_SECONDS
        return Deadline(time_left=lambda: ends - self.now, sleep=self.sleep)
