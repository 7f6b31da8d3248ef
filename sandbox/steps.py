"""Progress on the terminal: a line for each step, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int, int], None]
"""Callback with the finished units of a step and their total."""


class Steps:
    """Prints steps. On a terminal, the current step has a progress bar."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Advance]:
        """Time the body of the `with`. The body can call the yielded function to advance the progress bar."""
        started = time.monotonic()
        columns = (SpinnerColumn(), TextColumn(title), BarColumn(), TimeElapsedColumn())
        terminal = self.console.is_terminal
        with Progress(
            *columns, console=self.console, transient=True, disable=not terminal
        ) as progress:
            task = progress.add_task(title, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
        self.console.print(f"{title:<60}{time.monotonic() - started:6.1f} s", markup=False)

    def show(self, text: str = "") -> None:
        """Print a line without markup."""
        self.console.print(text, markup=False)
