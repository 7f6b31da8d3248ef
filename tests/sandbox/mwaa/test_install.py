"""Airflow releases, their locks and the errors of an installation."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from sandbox.mwaa import install as module
from sandbox.mwaa.airflow import reserved_port
from sandbox.mwaa.install import find_python, install
from sandbox.mwaa.releases import DEFAULT, RELEASES, Release, chosen_version
from tools.errors import UserError
from tools.paths import PROJECT


def test_the_error_for_an_unknown_version_lists_the_known_versions(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no Airflow 9.9.9: choose one of .*{DEFAULT}"):
        install("9.9.9", tmp_path, nullcontext)


def test_the_error_for_a_missing_lock_names_the_command_that_creates_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Release("3.99.0", "2026-11-01", ("3.11",))
    monkeypatch.setattr(module, "find_release", lambda _: new)
    with pytest.raises(UserError, match=r"`make airflow-lock AIRFLOW=3\.99\.0`"):
        install("3.99.0", tmp_path, nullcontext)


def test_the_default_is_the_newest_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW", raising=False)
    assert chosen_version() == DEFAULT == list(RELEASES)[-1]
    monkeypatch.setenv("AIRFLOW", "2.11.2")
    assert chosen_version() == "2.11.2"


def test_the_readme_lists_all_releases() -> None:
    readme = (PROJECT / "README.md").read_text()
    (tested,) = re.findall(r"^\| Airflow on MWAA \| .* \| (.*) \|$", readme, re.MULTILINE)
    assert tested.split(", ") == list(RELEASES)


def test_the_sandbox_page_lists_the_python_versions_of_all_releases() -> None:
    page = (PROJECT / "docs" / "sandbox.md").read_text()
    rows = re.findall(r"^\| (\d\S+)( \(default\))? \| (.*) \|$", page, re.MULTILINE)
    assert {version: tuple(pythons.split(", ")) for version, _, pythons in rows} == {
        version: release.pythons for version, release in RELEASES.items()
    }
    assert [version for version, default, _ in rows if default] == [DEFAULT]


@pytest.mark.parametrize("release", RELEASES.values(), ids=list(RELEASES))
def test_a_lock_pins_its_airflow_and_contains_all_hashes(release: Release) -> None:
    text = release.lock.read_text()
    assert f"\napache-airflow=={release.version} " in text
    pins = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text))
    assert len(pins) > 100
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in re.sub(r"(?m)^\s*#.*\n", "", text)


def test_the_running_python_is_preferred() -> None:
    assert find_python(RELEASES["3.3.1"]) == sys.executable


def test_a_python_that_fails_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14))
    for name, status in (("python3.12", 127), ("python3.11", 0)):
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\nexit {status}\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(RELEASES["2.11.2"]) == "python3.11"


def test_the_error_for_a_missing_python_lists_the_supported_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Airflow 2\.11\.2 runs on Python 3\.11 or 3\.12"):
        find_python(RELEASES["2.11.2"])


def test_the_error_for_an_unreachable_index_says_what_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_INDEX", "")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with reserved_port() as closed:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{closed}/simple")
        with pytest.raises(
            UserError, match="could not be installed: check that you can reach pip's package index"
        ):
            install("3.3.1", tmp_path, nullcontext)
    assert not (tmp_path / "airflow" / "3.3.1" / "venv" / ".installed").exists()
