"""The server that forks for each command, without an Airflow."""

from __future__ import annotations

import subprocess
import sys

from sandbox.mwaa.cli import SERVER

# The caller has hung up before the command, whose process is slow to begin, does anything.
HANGS_UP = f"""
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


def test_a_caller_that_hangs_up_before_its_command_begins_ends_it() -> None:
    """Its supervisor waits for it; were it not ended, this would run into the time limit."""
    subprocess.run([sys.executable, "-c", HANGS_UP], timeout=60, check=True)
