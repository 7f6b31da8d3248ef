"""What is dear is made once in a run, in whichever of pytest-xdist's workers."""

from __future__ import annotations

import os

import pytest

SHARED = {"planner": "plans", "installation": "airflow"}
"""The group of a test by the fixture that it uses; each version of Airflow has its own."""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist's own, which reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one worker what shares something dear."""
    for item in items:
        if isinstance(item, pytest.Function) and (group := group_of(item)):
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(item: pytest.Function) -> str | None:
    """Return the group of the worker that a test has to run in, or None if any will do."""
    for fixture, group in SHARED.items():
        if fixture in item.fixturenames:
            parameters = item.callspec.params if hasattr(item, "callspec") else {}
            return (
                f"{group}-{parameters['installation']}" if "installation" in parameters else group
            )
    return None


def only_here(tmp_path_factory: pytest.TempPathFactory, what: str) -> None:
    """Fail if another worker of this run has made the same."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    # A worker's temporary directory lies in the run's.
    mark = tmp_path_factory.getbasetemp().parent / f"made-{what}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        pytest.fail(f"{what} is made by two workers: its tests are not kept in one group")
