"""Commands on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess

from tests.support.local_aws.commands import Commands
from tests.support.waiting import TIMEOUT
from tools.paths import BUILD

COLUMNS = 80


def on_a_terminal(
    mwaa_dags: Commands, *arguments: str, typed: str = "", **environment: str
) -> tuple[str, int]:
    """Run a command on a terminal of `COLUMNS`, and return what it prints and its exit code."""
    ours, theirs = pty.openpty()
    terminal = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(
        [BUILD / "venv/bin/mwaa-dags", *arguments],
        cwd=mwaa_dags.directory,
        env={**terminal, **environment, **mwaa_dags.environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    printed = _read_all(ours)
    return printed, process.wait(timeout=TIMEOUT)


def without_styles(printed: str) -> str:
    """Return what a terminal shows, without colors."""
    return re.sub(r"\x1b\[[0-9;]*m", "", printed)


def _read_all(terminal: int) -> str:
    chunks = []
    try:
        while chunk := os.read(terminal, 65536):
            chunks.append(chunk)
    except OSError:  # Linux reports the end of the other side as an error.
        pass
    os.close(terminal)
    return b"".join(chunks).decode()
