"""Print how much time each directory of tests takes, so that slow tests are noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time and CPU time. A child process counts for the test that waits for it."""

    tests: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tests + other.tests, self.wall + other.wall, self.cpu + other.cpu)


class Costs:
    """A pytest plugin. Each worker of pytest-xdist measures its tests, and the main process adds them up."""

    def __init__(self) -> None:
        self._by_directory: dict[str, Cost] = {}
        self._since = _spent()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure a test together with the fixtures that it sets up and tears down."""
        result = yield
        now = _spent()
        spent = Cost(1, now.wall - self._since.wall, now.cpu - self._since.cpu)
        self._add(item.path.parent.relative_to(item.config.rootpath).as_posix(), spent)
        self._since = now
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        """Add the costs to the output of the worker before pytest-xdist sends it."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["costs"] = {
                directory: [cost.tests, cost.wall, cost.cpu]
                for directory, cost in self._by_directory.items()
            }
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Add the costs of a worker. A worker that crashed reports none."""
        for directory, cost in getattr(node, "workeroutput", {}).get("costs", {}).items():
            self._add(directory, Cost(*cost))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, the most expensive directory first."""
        terminalreporter.section("costs, in seconds of all workers")
        total = sum(self._by_directory.values(), Cost())
        rows = sorted(self._by_directory.items(), key=lambda row: -row[1].cpu)
        for name, cost in [*rows, ("all", total)]:
            terminalreporter.write_line(
                f"{name:<30}{cost.tests:5} tests {cost.wall:7.1f} wall {cost.cpu:7.1f} CPU"
            )

    def _add(self, directory: str, cost: Cost) -> None:
        self._by_directory[directory] = self._by_directory.get(directory, Cost()) + cost


def _spent() -> Cost:
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return Cost(wall=times.elapsed, cpu=cpu)


def pytest_configure(config: pytest.Config) -> None:
    """Start measuring."""
    config.pluginmanager.register(Costs(), "costs")
