"""An MWAA for batches that fails at random, and counts its concurrent commands."""

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


class Airflow(RulesAirflow):
    """Rules of an Airflow. The DAG does not exist yet for a conf with one of the clients in `unready`."""

    def __init__(self) -> None:
        super().__init__(DEFAULT, Clock())
        self.unready: frozenset[str] = frozenset()

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run a command."""
        if any(f'"{client}"' in word for client in self.unready for word in argv):
            message = b"airflow.exceptions.DagNotFound: Dag id onboarding not found in DagModel\n"
            return CliResult(1, b"", message)
        return super().cli(argv, timeout)


class Front(MwaaFront):
    """The environment `sandbox`.

    Attributes
    ----------
    most
        Largest number of concurrent commands.
    faults
        Share of commands that fail, half of them after their execution.
    failed
        Number of failed commands.
    """

    def __init__(self, directory: Path, airflow: Airflow) -> None:
        super().__init__({"sandbox": airflow}, directory)
        self.most = 0
        self.faults = 0.0
        self.failed = 0
        self._now = 0
        self._chance = random.Random(1)
        self._lock = threading.Lock()

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Run a command, or fail before or after it."""
        if request.path not in CLI_PATHS:
            return action()
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            fails, after = self._chance.random() < self.faults, self._chance.random() < 0.5
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
                self._now -= 1
