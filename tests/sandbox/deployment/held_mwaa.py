"""An MWAA that holds requests, so that an invocation takes as long as a test requires."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.mwaa.front import MwaaFront
from sandbox.mwaa.http import Request, Response
from sandbox.mwaa.releases import DEFAULT
from tests.faults.rules import RulesAirflow
from tests.support.clock import Clock

SECONDS = 300.0


class HeldFront(MwaaFront):
    """The environment `sandbox`, with a simulated Airflow."""

    def __init__(self, directory: Path) -> None:
        airflow = RulesAirflow(DEFAULT, Clock())
        super().__init__({"sandbox": airflow}, directory)
        self._released = threading.Event()
        self._released.set()
        self._reached = threading.Event()

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Carry out a request as soon as requests are not held."""
        self._reached.set()
        assert self._released.wait(SECONDS)
        return super().perform(request, action)

    @contextmanager
    def holding(self) -> Iterator[Callable[[], bool]]:
        """Hold requests during the body of the `with`. The yielded function waits for the first request."""
        self._reached.clear()
        self._released.clear()
        try:
            yield lambda: self._reached.wait(SECONDS)
        finally:
            self._released.set()
