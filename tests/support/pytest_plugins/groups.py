"""Keep tests that share an expensive fixture in one worker of pytest-xdist, so that it is created once."""

from __future__ import annotations

import os

import pytest

SHARED = {"planner": "plans", "installation": "airflow"}
"""Group of a test by the fixture that it uses. Each version of Airflow has its own group."""


@pytest.hookimpl(tryfirst=True)  # before the hook of pytest-xdist, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its group."""
    for item in items:
        if isinstance(item, pytest.Function) and (group := group_of(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(item: pytest.Function) -> str | None:
    """Return the group of a test, or None if it can run in any worker."""
    for fixture, group in SHARED.items():
        if fixture in item.fixturenames:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            return (
                f"{group}-{parameters['installation']}" if "installation" in parameters else group
            )
    return None


def claim(tmp_path_factory: pytest.TempPathFactory, what: str) -> None:
    """Fail if another worker of this run has already created this shared fixture."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    # The temporary directory of a worker is in the directory of the run.
    mark = tmp_path_factory.getbasetemp().parent / f"claimed-{what}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        pytest.fail(f"Two workers create {what}. All tests that use it must be in one group.")
