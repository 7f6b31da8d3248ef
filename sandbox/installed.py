"""Things that are installed into the build directory once."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def installed(directory: Path, *, key: str) -> Iterator[bool]:
    """Guard an installation: yield whether `directory` already holds what `key` describes.

    Where it does not, the directory is made empty, the body of the `with` fills it, and it counts as
    installed only if the body ends well. Others who want the same wait meanwhile.
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
