"""Tests that share an expensive fixture run in one worker, or fail."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.paths import PROJECT

CONFTEST = """
import pytest
from tests.support.pytest_plugins.groups import claim

@pytest.fixture(scope="session")
def planner(tmp_path_factory):
    claim(tmp_path_factory, "plans")

@pytest.fixture(scope="session", params=["3", "2"])
def installation(request):
    return request.param

@pytest.fixture(scope="session")
def airflow(installation, tmp_path_factory):
    claim(tmp_path_factory, f"airflow-{installation}")
"""

TESTS = """
import pytest

@pytest.mark.parametrize("n", range(8))
def test_plans(planner, n): pass

@pytest.mark.parametrize("n", range(8))
def test_airflow(airflow, n): pass

@pytest.mark.parametrize("n", range(8))
def test_others(n): pass
"""

HIDDEN_USE = """
import pytest

@pytest.mark.parametrize("n", range(40))
def test_plans(request, n): request.getfixturevalue("planner")
"""


def run(directory: Path, tests: str) -> str:
    (directory / "conftest.py").write_text(CONFTEST)
    (directory / "test_sample.py").write_text(tests)
    (directory / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-v", "-p", "tests.support.pytest_plugins.groups"),
            *("--numprocesses=2", "--dist=loadgroup", directory),
        ],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PYTEST_DEBUG_TEMPROOT": str(directory)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


def test_all_tests_of_a_group_run_in_one_worker(tmp_path: Path) -> None:
    printed = run(tmp_path, TESTS)

    for group in ("plans", "airflow-3", "airflow-2"):
        workers = re.findall(rf"\[(gw\d)\].*PASSED.*@{group}\b", printed)
        assert len(workers) == 8
        assert len(set(workers)) == 1


def test_a_test_that_requests_the_fixture_at_run_time_fails(tmp_path: Path) -> None:
    assert "Two workers create plans" in run(tmp_path, HIDDEN_USE)
