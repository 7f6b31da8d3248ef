"""Samples, taken in turns, and the figures that are made of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """What was measured, once or more often."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the values lie below."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Half of the values lie between."""
        if len(self.values) == 1:
            return self.values[0], self.values[0]
        low, _, high = statistics.quantiles(self.values, method="inclusive")
        return low, high

    def scaled(self, factor: float) -> Sample:
        """Return each value times `factor`."""
        return Sample(tuple(value * factor for value in self.values))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A row of the page.

    `measured` and `baseline` are in `unit`, which is empty for counts. `target` is the most that
    the ratio of their medians may be or, where not `target_is_ratio`, the measured median. `how`
    says how it was measured, `why` what keeps it from its target if something does.
    """

    name: str
    baseline_name: str
    unit: str
    measured: Sample
    baseline: Sample
    target: float
    target_is_ratio: bool
    how: str
    why: str

    @property
    def ratio(self) -> Sample:
        """What was measured, by the baseline's median."""
        return self.measured.scaled(1 / self.baseline.median)

    @property
    def part_of_target(self) -> Sample:
        """What the target limits, by the target: 1 is just reached."""
        limited = self.ratio if self.target_is_ratio else self.measured
        return limited.scaled(1 / self.target)

    @property
    def reached(self) -> bool:
        """Whether the median is within the target."""
        return self.part_of_target.median <= 1


def in_turns(times: int, tasks: Mapping[str, Callable[[], float]]) -> dict[str, Sample]:
    """Measure each task `times` times, A B A B, so that what slows the machine slows all."""
    values: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(times):
        for name, task in tasks.items():
            values[name].append(task())
    return {name: Sample(tuple(taken)) for name, taken in values.items()}


def differences(one: Sequence[float], other: Sequence[float]) -> Sample:
    """Subtract turn by turn."""
    return Sample(tuple(a - b for a, b in zip(one, other, strict=True)))
