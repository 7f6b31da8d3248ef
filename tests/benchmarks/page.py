"""The page docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from tests.benchmarks.measuring import Figure, Sample

HEAD = """\
# What a trigger costs

`make bench` measures the figures on this page and writes it. Each figure is compared with a baseline. A baseline is
either a time that was measured in the same run, alternating with the figure, or a known count or limit. All values are
medians. The quartiles are in parentheses, and half of the values lie between them. The table is followed by [the cost
of 10,000 items](#what-10000-items-cost).

![Each figure as a fraction of its target](benchmarks.svg)

| figure | baseline | measured | ratio | target | reached |
|---|---|---|---|---|---|
"""


def page(figures: Sequence[Figure], costs: str, *, airflow_versions: Sequence[str]) -> str:
    """Return the page as Markdown, with the text of `tests.benchmarks.prices.section`."""
    parts = [HEAD + "\n".join(row(figure) for figure in figures), costs]
    missed = [(figure.name, figure.why) for figure in figures if not figure.reached]
    if missed:
        parts.append("## Missed targets\n\n" + by_text(missed))
    how = [(figure.name, figure.how) for figure in figures]
    parts.append("## Methods\n\n" + by_text(how))
    parts.append("## Environment\n\n" + machine(airflow_versions))
    return "\n\n".join(parts) + "\n"


def by_text(named: Sequence[tuple[str, str]]) -> str:
    """Return a list of the texts, each with the names of its figures."""
    names: dict[str, list[str]] = {}
    for name, text in named:
        names.setdefault(text, []).append(name)
    return "\n".join(f"- **{'; '.join(names[text])}**: {text}" for text in names)


def row(figure: Figure) -> str:
    """Return the row of the figure in the table."""
    unit = f" {figure.unit}" if figure.unit else ""
    cells = [
        figure.name,
        f"{figure.baseline_name}: {spread(figure.baseline)}{unit}",
        f"{spread(figure.measured)}{unit}",
        spread(figure.ratio),
        f"at most {number(figure.target)}" + ("" if figure.target_is_ratio else unit),
        "yes" if figure.reached else "**no**",
    ]
    return "| " + " | ".join(cells) + " |"


def spread(sample: Sample) -> str:
    """Return the median, and the quartiles if they differ from it."""
    median, low, high = map(number, (sample.median, *sample.quartiles))
    return median if low == high else f"{median} ({low} to {high})"


def number(value: float) -> str:
    """Return three significant digits, or all digits before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine(airflow_versions: Sequence[str]) -> str:
    """Describe the machine, the software and the load."""
    airflow = " and ".join(airflow_versions)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), with a load of {load:.1f} at the "
        f"end. The function and the baselines ran on Python {platform.python_version()} (Lambda uses 3.13), with "
        f"botocore {version('botocore')} and `requests` {version('requests')}. Airflow {airflow} ran on the same "
        "machine, with SQLite."
    )
