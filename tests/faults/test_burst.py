"""Many executions at once end well, and do not make the web server busier than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.burst import burst


@pytest.mark.parametrize(("version", "executions"), [("2.11.2", 40), ("3.3.1", 80)])
def test_all_executions_of_a_burst_succeed_with_few_lookups(
    version: str, executions: int, state: Mapping[str, Any]
) -> None:
    result = burst(version, executions, state)
    assert result.endings == {"success": executions}
    assert result.runs == executions
    assert result.lookups < executions
    assert result.refused > executions  # it was a burst


@pytest.mark.parametrize("version", ["2.11.2", "3.3.1"])
def test_a_conf_that_does_not_fit_is_reported_as_such_in_a_burst(
    version: str, state: Mapping[str, Any]
) -> None:
    result = burst(version, 30, state, unfit=10)
    assert result.endings == {"success": 20, "CommandRejected": 10}
    assert result.runs == 20
