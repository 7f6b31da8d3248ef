"""The picture docs/benchmarks.svg: each figure as a fraction of its target."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tests.benchmarks.measuring import Figure
from tests.benchmarks.page import number

LEFT, RIGHT, TOP, STEP, WIDTH = 480, 150, 70, 44, 1020
REACHED, MISSED, INK, PALE = "#0f766e", "#b91c1c", "#334155", "#cbd5e1"


def picture(figures: Sequence[Figure]) -> str:
    """Return the picture as SVG: bars to the medians, lines between the quartiles, a line at 1."""
    ends = [figure.part_of_target.quartiles[1] for figure in figures]
    scale = (WIDTH - LEFT - RIGHT) / max(1.2, *ends)
    height = TOP + STEP * len(figures) + 20
    one = LEFT + scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        "font-family=\"system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"14\">",
        "<title>Each figure as a fraction of its target</title>",
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#ffffff"/>',
        _text(LEFT, 28, "Fraction of the target (less is better)", anchor="start", weight=600),
        _text(one, 54, "target", anchor="middle"),
    ]
    for line, figure in enumerate(figures):
        parts += _bar(figure, TOP + STEP * line, scale)
    parts += [
        f'<path d="M{LEFT} {TOP - 8}V{height - 16}" stroke="{PALE}"/>',
        f'<path d="M{one:.1f} {TOP - 8}V{height - 16}" stroke="{INK}" stroke-width="2" '
        'stroke-dasharray="5 4"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(figure: Figure, top: int, scale: float) -> list[str]:
    part = figure.part_of_target
    low, high = (LEFT + scale * max(value, 0) for value in part.quartiles)
    width, middle = scale * max(part.median, 0), top + 14
    colour = REACHED if figure.reached else MISSED
    whisker = f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{INK}" stroke-width="3"/>'
    return [
        _text(LEFT - 12, middle + 5, figure.name, anchor="end"),
        f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="28" fill="{colour}" opacity="0.8"/>',
        *([whisker] if high > low else []),
        _text(WIDTH - RIGHT + 16, middle + 5, _value(figure), anchor="start"),
    ]


def _value(figure: Figure) -> str:
    value = figure.part_of_target.median * figure.target
    unit = f" {figure.unit}" if figure.unit and not figure.target_is_ratio else ""
    return f"{number(value)} of {number(figure.target)}{unit}"


def _text(x: float, y: int, text: str, *, anchor: str, weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{INK}">{escape(text)}</text>'
    )
