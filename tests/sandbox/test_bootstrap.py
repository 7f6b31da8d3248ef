"""What `make` says, in one sentence, where something is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A directory with just what the bootstrap reads."""
    (tmp_path / "sandbox").mkdir()
    shutil.copy(PROJECT / "sandbox" / "bootstrap.py", tmp_path / "sandbox")
    shutil.copy(PROJECT / "requirements-dev.txt", tmp_path)
    return tmp_path


def bootstrap(checkout: Path, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
    tools = checkout / "bin"
    tools.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, *before, checkout / "sandbox" / "bootstrap.py"],
        env={"PATH": str(tools), "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def provide(checkout: Path, name: str, script: str) -> None:
    tool = checkout / "bin" / name
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for part in parts:
        assert part in result.stderr


def test_missing_terraform(checkout: Path) -> None:
    assert_one_sentence(bootstrap(checkout), "Terraform is not on PATH", "install Terraform 1.9")


def test_old_terraform(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.5.7")

    assert_one_sentence(bootstrap(checkout), "this is 1.5", "install a newer one")


def test_python_without_venv(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.9.0")
    # As Debian's python3 without python3-venv: there, but its venv module fails.
    provide(checkout, "python-without-venv", "exit 1")
    script = (
        "import runpy, sys; sys.executable = sys.argv[1]; sys.argv = sys.argv[2:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )

    result = bootstrap(checkout, "-c", script, str(checkout / "bin" / "python-without-venv"))

    assert_one_sentence(result, "install its venv module", "-venv")


def test_no_package_index(checkout: Path) -> None:
    provide(checkout, "terraform", "echo Terraform v1.9.0")

    result = bootstrap(
        checkout, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="0", PIP_NO_CACHE_DIR="1"
    )

    assert_one_sentence(result, "packages could not be installed", "PIP_INDEX_URL")
