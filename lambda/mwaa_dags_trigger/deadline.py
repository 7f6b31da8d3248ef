"""The time that an invocation has left, and pauses inside it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

LEAST_S = 10.0
"""Seconds for one command below which it is not sent."""
LOOK_S = 35.0
"""Seconds kept back from a trigger, for a look whether the run is there."""
REPORT_S = 5.0
"""Seconds kept back from a look, to report what it found."""


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The end of the invocation.

    Parameters
    ----------
    time_left
        Gives the seconds until Lambda ends the invocation.
    sleep
        Waits for so many seconds.
    """

    time_left: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep

    def pause(self, attempt: int, *, keep: float) -> bool:
        """Wait before another try: 1 to 2 s after the first, doubled after each, with jitter.

        The first pause is over a second because Airflow before 2.6 takes one run of a DAG a second.

        Parameters
        ----------
        attempt
            How many tries were made, from 1.
        keep
            Seconds that must be left after the pause.

        Returns
        -------
        bool
            False, at once, where fewer than `keep` seconds would be left.
        """
        seconds = random.uniform(2 ** (attempt - 1), 2**attempt)  # noqa: S311 (jitter, no secret)
        if self.time_left() - seconds < keep:
            return False
        self.sleep(seconds)
        return True
