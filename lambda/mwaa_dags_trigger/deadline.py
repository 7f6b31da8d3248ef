"""The time that is left to an invocation, and the attempts that fit into it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_ATTEMPTS = 4


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The end of the invocation.

    Parameters
    ----------
    time_left
        Returns the seconds until Lambda ends the invocation.
    sleep
        Waits for a number of seconds.
    """

    time_left: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep

    def attempts(self, *, reserve_seconds: float) -> Iterator[int]:
        """Yield 1, 2, 3, 4, with pauses of 1 to 2, 2 to 4 and 4 to 8 seconds between them.

        The first pause exceeds a second, because Airflow before 2.6 accepts only one run of a DAG
        in each second.

        Parameters
        ----------
        reserve_seconds
            End the attempts if less time would be left after the next pause.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            yield attempt
            pause = random.uniform(2 ** (attempt - 1), 2**attempt)  # noqa: S311 (jitter, no secret)
            if attempt == MAX_ATTEMPTS or self.time_left() - pause < reserve_seconds:
                return
            self.sleep(pause)
