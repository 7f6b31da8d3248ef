"""End everything that a process has started.

Needs no other module of the project: Airflow's own Python runs it too.
"""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

GRACE = 5.0
"""Seconds for processes to end by themselves, and then to be gone once killed."""
# Again, because one may fork between being listed and being killed.
SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL, signal.SIGKILL)


def end_session(leader: int) -> None:
    """End the session that the process `leader` began, and all descendants of its members.

    Children outlive a parent that is killed (Airflow 3's api-server, DAG processor and workers do), but
    stay in its session; one that began a session of its own is still a descendant of a member.
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
    """Return the processes, but for the running one, of the session that `leader` began."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(process.pid) == leader and process.pid != os.getpid():
                members.append(process)
    return members
