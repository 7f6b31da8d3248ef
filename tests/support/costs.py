"""Prints what each directory of tests has cost: who adds a slow test sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil
import pytest

_SAMPLE_SECONDS = 1.0


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, and of CPU in all processes that the tests have started."""

    tests: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tests + other.tests, self.wall + other.wall, self.cpu + other.cpu)


class Costs:
    """A plugin of pytest. With pytest-xdist each worker measures, and the run adds up."""

    def __init__(self) -> None:
        self._by_directory: dict[str, Cost] = {}
        self._directory = ""
        self._since = Cost()
        self._cpu: dict[tuple[int, float], float] = {}
        self._sampling = threading.Lock()
        self._ended = threading.Event()
        self._sampler = threading.Thread(target=self._sample_until_the_end, daemon=True)
        self._sampler.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Count a test."""
        directory = item.path.parent.relative_to(item.config.rootpath).as_posix()
        if directory != self._directory:
            self._close()
            self._directory = directory
        self._add(directory, Cost(tests=1))
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Hand the costs to the run, if this is a worker of pytest-xdist."""
        self._close()
        self._ended.set()
        self._sampler.join()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["costs"] = {
                directory: [cost.tests, cost.wall, cost.cpu]
                for directory, cost in self._by_directory.items()
            }
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add what a worker has measured; one that died has not."""
        for directory, cost in getattr(node, "workeroutput", {}).get("costs", {}).items():
            self._add(directory, Cost(*cost))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, dearest directory first."""
        terminalreporter.section("costs, in seconds of all workers")
        total = sum(self._by_directory.values(), Cost())
        rows = sorted(self._by_directory.items(), key=lambda row: -row[1].cpu)
        for name, cost in [*rows, ("all", total)]:
            terminalreporter.write_line(
                f"{name:<18}{cost.tests:5} tests {cost.wall:7.1f} wall {cost.cpu:7.1f} CPU"
            )

    def _close(self) -> None:
        now = Cost(wall=time.monotonic(), cpu=self._cpu_seconds())
        if self._directory:
            spent = Cost(wall=now.wall - self._since.wall, cpu=now.cpu - self._since.cpu)
            self._add(self._directory, spent)
        self._since = now

    def _add(self, directory: str, cost: Cost) -> None:
        self._by_directory[directory] = self._by_directory.get(directory, Cost()) + cost

    def _sample_until_the_end(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self._cpu_seconds()

    def _cpu_seconds(self) -> float:
        """Return what this process and its descendants have used, the ended ones as last seen.

        What lived for less than a sample's interval is missing: nobody may have waited for it.
        """
        with self._sampling:
            for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    self._cpu[process.pid, process.create_time()] = times.user + times.system
            return sum(self._cpu.values())


def pytest_configure(config: pytest.Config) -> None:
    """Measure."""
    config.pluginmanager.register(Costs(), "costs")
