"""When an execution polls the DAG run that it waits for."""

from __future__ import annotations

MIN_INTERVALS = {"cli": 30, "rest": 15}
"""By transport, the seconds before the first poll."""


def poll_interval(waited: float, min_interval: int) -> int:
    """Return the seconds until the next poll, as `poll_interval.jsonata` in modules/source does."""
    return max(min_interval, min(300, int(waited // 4)))


def poll_times(seconds: int, min_interval: int) -> list[int]:
    """Return when it polls, in seconds since the trigger: up to the first time after `seconds` or more.

    The polls themselves take no time here.
    """
    times = [0]
    while times[-1] < seconds:
        times.append(times[-1] + poll_interval(times[-1], min_interval))
    return times[1:]
