"""What the commands print: plain lines, or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.text import Text

_STYLES = {
    "SUCCEEDED": "green",
    "FAILED": "red",
    "TIMED_OUT": "red",
    "ABORTED": "yellow",
    "RUNNING": "cyan",
    "✓": "green",
    "✗": "red",
}


class Output:
    """Prints the lines or the JSON of a command.

    Parameters
    ----------
    as_json
        Whether to print only JSON.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)

    @property
    def is_interactive(self) -> bool:
        """Whether the output can change lines that are printed already."""
        return self.console.is_terminal and not self.as_json

    def line(self, text: str = "") -> None:
        """Print a line. Known states at its beginning have colors on a terminal."""
        if self.as_json:
            return
        styled = Text(text)
        for word, style in _STYLES.items():
            if text.startswith(word):
                styled.stylize(style, 0, len(word))
        self.console.print(styled)

    def table(self, rows: Sequence[Sequence[str]], *, indent: str = "") -> None:
        """Print aligned columns. On a terminal, a line that is too long is cut."""
        if not rows:
            return
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            text = f"{indent}{'  '.join(cells)}".rstrip()
            if self.is_interactive and len(text) > self.console.width:
                text = f"{text[: self.console.width - 1]}…"
            self.line(text)

    def steps(self, steps: Sequence[str]) -> None:
        """Print what to do, as a numbered list."""
        if steps:
            self.line()
            self.line("What to do")
        for number, step in enumerate(steps, 1):
            self.wrapped(f"{number}. {step}", indent="     ", first="  ")

    def wrapped(self, text: str, *, indent: str, first: str | None = None) -> None:
        """Print a paragraph. On a terminal it is wrapped between words."""
        first = indent if first is None else first
        width = self.console.width if self.is_interactive else 10**6
        line, start = first, True
        for word in text.split():
            if not start and len(line) + 1 + len(word) > width:
                self.line(line)
                line, start = indent, True
            line += word if start else f" {word}"
            start = False
        self.line(line)

    def json(self, value: Any) -> None:
        """Print JSON, if it is requested."""
        if self.as_json:
            self.console.print(json.dumps(value, indent=2, ensure_ascii=False, default=_encode))


def format_duration(duration: timedelta) -> str:
    """Return a duration such as `6 s`, `4 min` or `2 h 10 min`."""
    seconds = round(duration.total_seconds())
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def format_time(time: datetime) -> str:
    """Return a time of the last 20 hours as a clock shows it, or else its date, in the local time zone."""
    local = time.astimezone()
    recent = datetime.now(UTC) - time < timedelta(hours=20)
    return local.strftime("%H:%M:%S" if recent else "%Y-%m-%d")


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    raise TypeError(type(value).__name__)
