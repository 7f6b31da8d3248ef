"""Says on the terminal what is being done: a step a line, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int, int], None]
"""Called with how much of the step is done, and of how much."""


class Steps:
    """Prints steps; on a terminal the one under way has a bar."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Advance]:
        """Time the body of the `with`; it may call what it is given to move the bar."""
        started = time.monotonic()
        columns = (SpinnerColumn(), TextColumn(title), BarColumn(), TimeElapsedColumn())
        terminal = self.console.is_terminal
        with Progress(
            *columns, console=self.console, transient=True, disable=not terminal
        ) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
        self.console.print(f"{title:<60}{time.monotonic() - started:6.1f} s", markup=False)

    def say(self, text: str = "") -> None:
        """Print a line as it is."""
        self.console.print(text, markup=False)
