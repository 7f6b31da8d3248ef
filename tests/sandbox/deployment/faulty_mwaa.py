"""An MWAA for batches that fails at random and counts concurrent commands."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.front import CLI_PATHS, MwaaFront
from sandbox.mwaa.http import Request, Response
from sandbox.mwaa.releases import DEFAULT
from tests.faults.rules import RulesAirflow
from tests.support.clock import Clock


class FaultyAirflow(RulesAirflow):
    """A simulated Airflow. For clients in `unready`, it reports that the DAG does not exist."""

    def __init__(self) -> None:
        super().__init__(DEFAULT, Clock())
        self.unready: frozenset[str] = frozenset()

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        if any(f'"{client}"' in word for client in self.unready for word in argv):
            message = b"airflow.exceptions.DagNotFound: Dag id onboarding not found in DagModel\n"
            return CliResult(1, b"", message)
        return super().cli(argv, timeout)


class FaultyFront(MwaaFront):
    """The environment `sandbox`.

    Attributes
    ----------
    max_concurrency
        Largest number of concurrent commands.
    fault_rate
        Share of commands that fail, half of them after their execution.
    failed
        Number of failed commands.
    """

    def __init__(self, directory: Path, airflow: FaultyAirflow) -> None:
        super().__init__({"sandbox": airflow}, directory)
        self.max_concurrency = 0
        self.fault_rate = 0.0
        self.failed = 0
        self._current = 0
        self._random = random.Random(1)
        self._lock = threading.Lock()

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Run a command, or fail before or after it."""
        if request.path not in CLI_PATHS:
            return action()
        with self._lock:
            self._current += 1
            self.max_concurrency = max(self.max_concurrency, self._current)
            fails, after = self._random.random() < self.fault_rate, self._random.random() < 0.5
            self.failed += fails
        try:
            if fails and not after:
                return Response(HTTPStatus.SERVICE_UNAVAILABLE)
            response = action()
            if fails:
                raise ConnectionError
            return response
        finally:
            with self._lock:
                self._current -= 1
