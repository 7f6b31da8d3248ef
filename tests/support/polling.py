"""The times at which an execution polls its DAG run."""

from __future__ import annotations

MIN_INTERVALS = {"cli": 30, "rest": 15}
"""Seconds before the first poll, by transport."""


def poll_interval(waited: float, min_interval: int) -> int:
    """Return the seconds until the next poll, like `poll_interval.jsonata` in modules/source."""
    return max(min_interval, min(300, int(waited // 4)))


def poll_times(seconds: int, min_interval: int) -> list[int]:
    """Return the times of all polls of a DAG run that takes `seconds`, in seconds since the trigger.

    The last poll is the first poll after the end of the run. The polls themselves take no time.
    """
    times = [0]
    while times[-1] < seconds:
        times.append(times[-1] + poll_interval(times[-1], min_interval))
    return times[1:]
