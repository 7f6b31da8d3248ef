"""The time that an invocation has left, and the tries that fit into it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TRIES = 4


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The end of the invocation.

    Parameters
    ----------
    time_left
        Returns the seconds until Lambda ends the invocation.
    sleep
        Waits for so many seconds.
    """

    time_left: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep

    def tries(self, *, keep: float) -> Iterator[int]:
        """Yield 1, 2, 3, 4, with pauses of 1 to 2, 2 to 4 and 4 to 8 seconds between them.

        The first pause is over a second because Airflow before 2.6 takes one run of a DAG a second.

        Parameters
        ----------
        keep
            Seconds that must be left after a pause; else this was the last try.
        """
        for attempt in range(1, TRIES + 1):
            yield attempt
            seconds = random.uniform(2 ** (attempt - 1), 2**attempt)  # noqa: S311 (jitter, no secret)
            if attempt == TRIES or self.time_left() - seconds < keep:
                return
            self.sleep(seconds)
