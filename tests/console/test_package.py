"""The wheel that `pipx install .` builds is complete, and `make setup` provides the command."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tools.paths import BUILD, PROJECT

SECONDS = 300
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); from {} import {} as main; main(['--help'])"


def run(*command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env={},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", directory], cwd=PROJECT, check=True, timeout=SECONDS)
    [file] = directory.glob("*.whl")
    return file


def test_the_command_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    [script] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"].items()
    name, (module, function) = script[0], script[1].split(":")

    # -P and -E keep this directory and PYTHONPATH out.
    program = IMPORT.format(module, function)
    done = run(sys.executable, "-P", "-E", "-c", program, str(wheel), directory=tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"Usage: {name}" in done.stdout


def test_the_wheel_has_the_command_line_and_the_function_and_nothing_else(wheel: Path) -> None:
    names = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {name for name in names if not name.endswith(".dist-info")} == {
        "mwaa_dags",
        "mwaa_dags_trigger",
    }


def test_set_up_provides_the_command(tmp_path: Path) -> None:
    done = run(str(BUILD / "venv/bin/mwaa-dags"), "doctor", "--help", directory=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Check everything that a request needs" in done.stdout
