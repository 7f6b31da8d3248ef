"""The server that forks a process for each command, without Airflow."""

from __future__ import annotations

import subprocess
import sys

from sandbox.mwaa.cli import SERVER

# The caller closes the connection before the process of the command, which starts slowly, does anything.
CLOSED_BY_CALLER = f"""
import os, runpy, socket, time

fork = os.fork

def slow_fork():
    pid = fork()
    if pid == 0:
        time.sleep(600)
    return pid

server = runpy.run_path({str(SERVER)!r})
ours, theirs = socket.socketpair()
ours.sendall(b"[]\\n")
ours.close()
os.fork = slow_fork
server["supervise"](1, 2, theirs.detach())
"""


def test_a_command_is_ended_if_its_caller_closes_the_connection_before_it_starts() -> None:
    """The supervisor waits for the command. If the command did not end, the test would exceed its timeout."""
    subprocess.run([sys.executable, "-c", CLOSED_BY_CALLER], timeout=60, check=True)
