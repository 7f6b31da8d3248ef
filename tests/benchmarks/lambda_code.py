"""The code as Lambda would have it: the package beside a runtime that brings boto3."""

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
_OF_AN_INSTALLATION = {"INSTALLER", "RECORD", "REQUESTED"}


@dataclass(frozen=True)
class Code:
    """Where the code lies.

    Parameters
    ----------
    task
        The unpacked zip. It has no bytecode, and gets none: Lambda's `/var/task` is read-only.
    compiled_task
        The same with bytecode, to tell what its absence costs.
    runtime
        boto3, requests and what they need, with bytecode, in place of what Lambda's runtime brings.
    runtime_zip
        The same without bytecode: the zip that a function has which vendors boto3 and requests.
    """

    task: Path
    compiled_task: Path
    runtime: Path
    runtime_zip: Path

    def environment(self, *path: Path) -> dict[str, str]:
        """Return the variables of a process that finds its modules in `path`, then in the runtime."""
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
    """Unpack the built zip into `directory`; make the runtime, unless an earlier run has."""
    names = sorted(needed(VENDORED))
    home = BUILD / "benchmarks"
    runtime, runtime_zip = home / "runtime", home / "runtime.zip"
    key = " ".join([sys.version, *(f"{name}=={version(name)}" for name in names)])
    with installed(home, key=key) as there:
        if not there:
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
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            requirements = distribution(name).requires or []
            left += [_name(text) for text in requirements if not _MARKER.search(text)]
    return found


def copy(name: str, to: Path) -> None:
    """Copy what an installed distribution's wheel holds."""
    for file in distribution(name).files or []:
        if {"..", "__pycache__"} & {*file.parts} or file.name in _OF_AN_INSTALLATION:
            continue
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(file.locate()), to / file)


def zip_up(directory: Path, path: Path) -> None:
    """Make a zip as anyone would, with the best compression of Python's own."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(_files(directory)):
            archive.write(file, file.relative_to(directory))


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file())


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0].lower()
