"""Samples of alternating measurements, and the figures that they result in."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Measured values."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the values."""
        return statistics.median(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Lower and upper quartile of the values."""
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

    `measured` and `baseline` are in `unit`, which is empty for counts. `target` is the maximum of the ratio of their
    medians if `target_is_ratio`, or of the measured median. `how` describes the measurement. `why` explains a missed
    target.
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
        """Measured values divided by the median of the baseline."""
        return self.measured.scaled(1 / self.baseline.median)

    @property
    def part_of_target(self) -> Sample:
        """Values that the target limits, divided by the target."""
        limited = self.ratio if self.target_is_ratio else self.measured
        return limited.scaled(1 / self.target)

    @property
    def reached(self) -> bool:
        """Whether the median is within the target."""
        return self.part_of_target.median <= 1


def in_turns(times: int, tasks: Mapping[str, Callable[[], float]]) -> dict[str, Sample]:
    """Measure each task `times` times in turns, so that a slow machine affects all tasks."""
    values: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(times):
        for name, task in tasks.items():
            values[name].append(task())
    return {name: Sample(tuple(measured)) for name, measured in values.items()}


def differences(one: Sequence[float], other: Sequence[float]) -> Sample:
    """Return the difference of each pair of values."""
    return Sample(tuple(a - b for a, b in zip(one, other, strict=True)))
