"""Termination of all processes that a process has started.

Imports no other module of the project, because Airflow's own Python runs it, too.
"""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

GRACE = 5.0
"""Seconds for processes to end after each signal."""
# SIGKILL is repeated, because a process can fork after it has been listed.
SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL)


def end_session(leader: int) -> None:
    """End all processes in the session of the process `leader`, and their descendants.

    Children of a killed parent stay in its session, such as Airflow 3's API server, DAG processor and workers. A child
    that has started its own session is still a descendant.
    """
    processes: set[psutil.Process] = set()
    for number in SIGNALS:
        for process in session_members(leader):
            processes.add(process)
            with contextlib.suppress(psutil.NoSuchProcess):
                processes.update(process.children(recursive=True))
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _, alive = psutil.wait_procs(processes, timeout=GRACE)
        processes = set(alive)


def session_members(leader: int) -> list[psutil.Process]:
    """Return the other processes in the session of `leader`."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == leader and process.pid != os.getpid():
                members.append(process)
    return members
