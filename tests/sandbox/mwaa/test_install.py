"""What can be said of an installation without making one."""

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


def test_an_unknown_version_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"no Airflow 9.9.9: choose one of .*{DEFAULT}"):
        install("9.9.9", tmp_path, nullcontext)


def test_a_release_without_a_lock_is_answered_with_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Release("3.99.0", "2026-11-01", ("3.11",))
    monkeypatch.setattr(module, "find_release", lambda _: new)
    with pytest.raises(UserError, match=r"`make airflow-lock AIRFLOW=3\.99\.0`"):
        install("3.99.0", tmp_path, nullcontext)


def test_the_newest_release_runs_unless_another_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AIRFLOW", raising=False)
    assert chosen_version() == DEFAULT == list(RELEASES)[-1]
    monkeypatch.setenv("AIRFLOW", "2.11.2")
    assert chosen_version() == "2.11.2"


def test_the_readme_names_every_release() -> None:
    readme = (PROJECT / "README.md").read_text()
    (tested,) = re.findall(r"^\| Airflow on MWAA \| .* \| (.*) \|$", readme, re.MULTILINE)
    assert tested.split(", ") == list(RELEASES)


def test_the_sandbox_page_names_the_pythons_of_every_release() -> None:
    page = (PROJECT / "docs" / "sandbox.md").read_text()
    rows = re.findall(r"^\| (\d\S+)( \(default\))? \| (.*) \|$", page, re.MULTILINE)
    assert {version: tuple(pythons.split(", ")) for version, _, pythons in rows} == {
        version: release.pythons for version, release in RELEASES.items()
    }
    assert [version for version, default, _ in rows if default] == [DEFAULT]


@pytest.mark.parametrize("release", RELEASES.values(), ids=list(RELEASES))
def test_a_lock_pins_its_airflow_and_hashes_everything(release: Release) -> None:
    text = release.lock.read_text()
    assert f"\napache-airflow=={release.version} " in text
    pins = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", text))
    assert len(pins) > 100
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []
    assert "://" not in re.sub(r"(?m)^\s*#.*\n", "", text)


def test_the_running_python_is_taken_if_it_fits() -> None:
    assert find_python(RELEASES["3.3.1"]) == sys.executable


def test_a_python_that_only_seems_to_be_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14))
    for name, status in (("python3.12", 127), ("python3.11", 0)):
        command = tmp_path / name
        command.write_text(f"#!/bin/sh\nexit {status}\n")
        command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python(RELEASES["2.11.2"]) == "python3.11"


def test_no_fitting_python_is_answered_with_the_versions_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Airflow 2\.11\.2 runs on Python 3\.11 or 3\.12"):
        find_python(RELEASES["2.11.2"])


def test_an_index_out_of_reach_is_answered_with_what_to_set(
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
