"""The state machine's part in an execution: its retries, as the planned definition has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mwaa_dags_trigger.transports.base import Transport

from tests.faults.conftest import Ending, Mwaa


def delay(retrier: Mapping[str, Any], attempt: int, spread: Callable[[float], float]) -> float:
    """Return the seconds before a retry, from attempt 0; `spread` stands for the jitter."""
    seconds = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** attempt
    seconds = min(seconds, retrier["MaxDelaySeconds"])
    return spread(seconds) if retrier.get("JitterStrategy") == "FULL" else seconds


class Retries:
    """Which errors are tried again, how often, and when.

    Parameters
    ----------
    state
        The state as its definition has it.
    spread
        Returns the delay with jitter for the longest delay.
    """

    def __init__(self, state: Mapping[str, Any], spread: Callable[[float], float]) -> None:
        self._retriers = state["Retry"]
        self._spread = spread
        self._attempts: Counter[int] = Counter()

    def delay(self, error: str) -> float | None:
        """Return the seconds to wait after this error, or None where it ends the execution."""
        for number, retrier in enumerate(self._retriers):
            if error in retrier["ErrorEquals"]:
                if self._attempts[number] == retrier["MaxAttempts"]:
                    return None
                self._attempts[number] += 1
                return delay(retrier, self._attempts[number] - 1, self._spread)
        return None


def execute(
    mwaa: Mwaa,
    event: Mapping[str, Any],
    state: Mapping[str, Any],
    new_container: Callable[[], Transport],
    *,
    cold: bool,
) -> Iterator[Ending]:
    """Invoke the function as the state machine does, and yield how each invocation ended."""
    retries = Retries(state, lambda longest: longest / 2)
    container = new_container()
    retry_count = 0
    while True:
        if cold:
            container = new_container()
        counted = {**event, "retry_count": retry_count} if "retry_count" in event else event
        ending = mwaa.invoke(container, counted)
        yield ending
        seconds = retries.delay(ending.error)
        if seconds is None:
            return
        mwaa.clock.sleep(seconds)
        retry_count += 1
