"""Installations in the build directory."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def installed(directory: Path, *, key: str) -> Iterator[bool]:
    """Yield whether `directory` contains the installation that `key` describes, and lock it.

    If not, empty the directory for the body of the `with`, which installs into it. The installation counts as complete
    if the body succeeds. Other processes wait for the lock.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(key.encode()).hexdigest()
    marker = directory / ".installed"
    with (directory.parent / f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if marker.is_file() and marker.read_text() == digest:
            yield True
            return
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        yield False
        marker.write_text(digest)
