"""Writes docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from tests.benchmarks.measuring import Figure, Sample

HEAD = """\
# What a trigger costs

`make bench` has written this page, and measures it anew. Each figure stands against a baseline: a time that was
measured in the same run, in turns, or a count or bound that is known. Medians; in brackets the quartiles, between which
half of the values lie. Below the figures: [what 10,000 onboardings cost](#what-10000-onboardings-cost).

![Each figure as a part of its target](benchmarks.svg)

| figure | baseline | measured | ratio | target | reached |
|---|---|---|---|---|---|
"""


def page(figures: Sequence[Figure], costs: str, *, airflow_versions: Sequence[str]) -> str:
    """Return the page as Markdown, with what `tests.benchmarks.prices.section` has written."""
    parts = [HEAD + "\n".join(row(figure) for figure in figures), costs]
    missed = [(figure.name, figure.why) for figure in figures if not figure.reached]
    if missed:
        parts.append("## What is not reached, and why\n\n" + by_text(missed))
    how = [(figure.name, figure.how) for figure in figures]
    parts.append("## How it was measured\n\n" + by_text(how))
    parts.append("## On what\n\n" + machine(airflow_versions))
    return "\n\n".join(parts) + "\n"


def by_text(named: Sequence[tuple[str, str]]) -> str:
    """Return a list of the texts, each with the names that it is for."""
    names: dict[str, list[str]] = {}
    for name, text in named:
        names.setdefault(text, []).append(name)
    return "\n".join(f"- **{'; '.join(names[text])}**: {text}" for text in names)


def row(figure: Figure) -> str:
    """Return the figure's row of the table."""
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
    """Return the median, and the quartiles where they are others."""
    median, low, high = map(number, (sample.median, *sample.quartiles))
    return median if low == high else f"{median} ({low} to {high})"


def number(value: float) -> str:
    """Return three digits, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine(airflow_versions: Sequence[str]) -> str:
    """Say what matters of the machine: what ran, and how much else ran."""
    airflow = " and ".join(airflow_versions)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), with a load of {load:.1f} at the "
        f"end; handler and baselines on Python {platform.python_version()} (Lambda's is 3.13), botocore "
        f"{version('botocore')}, `requests` {version('requests')}; Airflow {airflow} with SQLite on the same machine."
    )
