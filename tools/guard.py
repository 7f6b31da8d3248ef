"""Run a command, and stop all processes that it has started.

    python -m tools.guard [--stay] COMMAND [ARGUMENT ...]

Airflow's child processes do not end with their parent, and some have their own process groups. The guard therefore
adopts orphans (PR_SET_CHILD_SUBREAPER on Linux), and stops all of its descendants when the command has ended. The
command ends with the guard, and the guard ends with its parent, unless you specify `--stay`.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import time
from types import FrameType

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_SECONDS = 30.0
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(command: list[str], *, stay: bool) -> int:
    """Run the command until it ends, and return its exit code, which is 128 + n after signal n."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    parent = os.getppid()
    if not stay:
        _end_with_parent(parent)
    first_signal = math.inf
    guard = os.getpid()

    def before_command() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
        _end_with_parent(guard)

    # Signals are blocked until their handler exists, which then forwards them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    # In its own session the command gets Ctrl-C only once, from the guard.
    process = subprocess.Popen(
        command,
        start_new_session=True,
        preexec_fn=before_command,  # noqa: PLW1509 - this process has no other threads
    )

    def forward(number: int, _: FrameType | None) -> None:
        nonlocal first_signal
        first_signal = min(first_signal, time.monotonic())
        process.send_signal(number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FORWARDED)
    try:
        while True:
            try:
                code = process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                _reap_orphans(process.pid)
                if time.monotonic() > first_signal + _GRACE_SECONDS:
                    process.kill()
                elif first_signal == math.inf and not stay and os.getppid() != parent:
                    forward(signal.SIGTERM, None)
    finally:
        end_descendants()
    return code if code >= 0 else 128 - code


def _reap_orphans(command: int) -> None:
    """Wait for orphans that have ended, but not for the command itself."""
    for child in psutil.Process().children():
        if child.pid != command and child.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(child.pid, os.WNOHANG)


def end_descendants() -> None:
    """Stop all descendants of this process."""
    while children := psutil.Process().children(recursive=True):
        _, alive = psutil.wait_procs(_signal(children, signal.SIGTERM), timeout=5)
        psutil.wait_procs(_signal(alive, signal.SIGKILL), timeout=5)


def _signal(processes: list[psutil.Process], number: int) -> list[psutil.Process]:
    """Send the signal to all processes that are still running, and return all processes."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    return processes


def _end_with_parent(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have ended before this call.
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    _stay = sys.argv[1] == "--stay"
    sys.exit(run(sys.argv[2 if _stay else 1 :], stay=_stay))
