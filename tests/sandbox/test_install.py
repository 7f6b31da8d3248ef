"""What can be said of an installation without making one."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from sandbox.mwaa import install as module
from sandbox.mwaa.install import LOCKS, PYTHONS, find_python, install
from tools.errors import UserError


def test_an_unknown_version_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"Airflow 9\.9\.9: choose one of 2\.11\.2, 3\.0\.6, 3\.3\.1"
    ):
        install("9.9.9", tmp_path, nullcontext)


@pytest.mark.parametrize("version", PYTHONS)
def test_a_lock_pins_its_airflow_and_hashes_everything(version: str) -> None:
    text = (LOCKS / f"airflow-{version}.txt").read_text()
    assert f"\napache-airflow=={version} " in text
    pins = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text))
    assert len(pins) > 100
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_running_python_is_taken_if_it_fits() -> None:
    assert find_python("3.3.1") == sys.executable


def test_a_python_that_only_seems_to_be_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys, "version_info", (3, 14))
    for name, status in (("python3.12", 127), ("python3.11", 0)):
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\nexit {status}\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python("2.11.2") == "python3.11"


def test_no_fitting_python_is_answered_with_the_versions_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.sys, "version_info", (3, 14))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Airflow 2\.11\.2 runs on Python 3\.11 or 3\.12"):
        find_python("2.11.2")


def test_an_index_out_of_reach_is_answered_with_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_INDEX", "")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(UserError, match="could not be installed: check that pip's package index"):
        install("3.3.1", tmp_path, nullcontext)
    assert not (tmp_path / "airflow" / "3.3.1" / "venv" / ".installed").exists()
