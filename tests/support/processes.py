"""Processes of the machine."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def processes_in(directory: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is this one or below it, without zombies."""
    found = []
    for process in psutil.process_iter():
        # A process may end after it was listed.
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(directory):
                found.append(process)
    return found


def listening_addresses(process: psutil.Process) -> set[str]:
    """Return the addresses that a process listens on, or none if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return {
            connection.laddr.ip
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
    return set()
