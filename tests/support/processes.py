"""Processes, seen from outside."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil


def processes_in(directory: Path) -> list[psutil.Process]:
    """Return the processes that work in this directory or below it; zombies do not."""
    found = []
    for process in psutil.process_iter():
        # One may end between being listed and being asked.
        with contextlib.suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(directory):
                found.append(process)
    return found


def listening_addresses(process: psutil.Process) -> set[str]:
    """Return the addresses that a process listens on; none if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return {
            connection.laddr.ip
            for connection in process.net_connections(kind="inet")
            if connection.status == psutil.CONN_LISTEN
        }
    return set()
