"""The code as in Lambda: the unpacked package, and a runtime that includes boto3."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path

from sandbox.installed import installed
from tools.paths import BUILD, ZIP

VENDORED = ("boto3", "requests")
_MARKER = re.compile(r"extra\s*==")
_INSTALLER_FILES = {"INSTALLER", "RECORD", "REQUESTED"}


@dataclass(frozen=True)
class Code:
    """Locations of the code.

    Parameters
    ----------
    task
        The unpacked zip. Python writes no bytecode, because `/var/task` in Lambda is read-only.
    compiled_task
        The same with bytecode, to measure the cost of missing bytecode.
    runtime
        boto3, requests and their dependencies with bytecode, in place of the Lambda runtime.
    runtime_zip
        The same without bytecode, as the zip of a function that includes boto3 and requests.
    """

    task: Path
    compiled_task: Path
    runtime: Path
    runtime_zip: Path

    def environment(self, *path: Path) -> dict[str, str]:
        """Return the environment variables of a process that imports from `path` and then from the runtime."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, (*path, self.runtime))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }


def unpack(directory: Path) -> Code:
    """Unpack the built zip into `directory`, and create the runtime unless it exists."""
    names = sorted(needed(VENDORED))
    home = BUILD / "benchmarks"
    runtime, runtime_zip = home / "runtime", home / "runtime.zip"
    key = " ".join([sys.version, *(f"{name}=={version(name)}" for name in names)])
    with installed(home, key=key) as is_complete:
        if not is_complete:
            for name in names:
                copy(name, runtime)
            zip_up(runtime, runtime_zip)
            compileall.compile_dir(runtime, quiet=2)
    task, compiled_task = directory / "task", directory / "compiled-task"
    for copied in (task, compiled_task):
        with zipfile.ZipFile(ZIP) as package:
            package.extractall(copied)
    compileall.compile_dir(compiled_task, quiet=2)
    return Code(task, compiled_task, runtime, runtime_zip)


def needed(names: tuple[str, ...]) -> set[str]:
    """Return the names of the distributions and of all their dependencies, without extras."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            requirements = distribution(name).requires or []
            pending += [_name(text) for text in requirements if not _MARKER.search(text)]
    return found


def copy(name: str, to: Path) -> None:
    """Copy the files of the wheel of an installed distribution."""
    for file in distribution(name).files or []:
        if {"..", "__pycache__"} & {*file.parts} or file.name in _INSTALLER_FILES:
            continue
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(file.locate()), to / file)


def zip_up(directory: Path, path: Path) -> None:
    """Create a zip with the best compression of Python's `zipfile`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(_files(directory)):
            archive.write(file, file.relative_to(directory))


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0].lower()
