"""`make package` in a hostile environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.paths import PROJECT, ZIP


def test_the_zip_is_the_same_with_hostile_settings_in_a_path_with_special_characters(
    tmp_path: Path,
) -> None:
    root = tmp_path / "50%2Fé (1)"
    for name in ("lambda", "tools"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "Makefile", root)
    hostile = {
        **dict.fromkeys(("PIP_REQUIRE_VIRTUALENV", "PIP_USER", "PYTHONSAFEPATH"), "1"),
        **dict.fromkeys(("CONDA_PREFIX", "PIP_CONSTRAINT", "PYTHONHOME"), "/nonexistent"),
        **dict.fromkeys(("PIP_PREFIX", "PIP_TARGET", "PYTHONPATH"), str(tmp_path / "elsewhere")),
        "PIP_NO_BINARY": ":all:",
        "PYTHONWARNINGS": "error",
        "VIRTUAL_ENV": "/nonexistent",
    }

    done = subprocess.run(
        ["make", f"PYTHON={sys.executable}", "package"],
        cwd=root,
        env={**os.environ, **hostile},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert (root / "dist" / "mwaa_dags_trigger.zip").read_bytes() == ZIP.read_bytes()
    assert not (tmp_path / "elsewhere").exists()
