"""Many executions at once end well, and do not make the web server busier than it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.burst import burst


@pytest.mark.parametrize(("version", "executions"), [("2.11.2", 40), ("3.3.1", 80)])
def test_all_executions_of_a_burst_succeed_without_looks(
    version: str, executions: int, state: Mapping[str, Any]
) -> None:
    result = burst(version, executions, state)
    assert result.endings == {"success": executions}
    assert result.runs == executions
    assert result.looks < executions
    assert result.refused > executions  # it was a burst
