"""The guard leaves no process behind, however the command or the parent of the guard ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from tools import guard
from tools.guard import end_descendants

# A command with a child that leaves its process group and its parent, like the children of Airflow.
COMMAND = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open(sys.argv[1], "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
if sys.argv[2] == "waits":
    time.sleep(600)
sys.exit(7)
"""


@pytest.fixture
def orphan_file(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "orphan"
    yield file
    if file.exists() and psutil.pid_exists(int(file.read_text())):
        psutil.Process(int(file.read_text())).kill()


def guarded(orphan_file: Path, behavior: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "tools.guard",
        sys.executable,
        "-c",
        COMMAND,
        str(orphan_file),
        behavior,
    ]


def wait_until_orphan(orphan_file: Path) -> int:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if orphan_file.exists() and orphan_file.read_text():
            return int(orphan_file.read_text())
        time.sleep(0.01)
    raise TimeoutError(orphan_file)


def test_the_guard_returns_the_exit_code_and_ends_remaining_processes(orphan_file: Path) -> None:
    result = subprocess.run(guarded(orphan_file, "ends"), timeout=120, check=False)

    assert result.returncode == 7
    assert not psutil.pid_exists(int(orphan_file.read_text()))


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=number.name)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ],
)
def test_a_signal_ends_the_command_and_its_descendants(
    orphan_file: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(guarded(orphan_file, "waits"), stderr=subprocess.DEVNULL)
    orphan = wait_until_orphan(orphan_file)

    process.send_signal(number)

    assert process.wait(timeout=120) != 0
    assert not psutil.pid_exists(orphan)


def test_after_a_signal_the_command_has_time_to_clean_up() -> None:
    code = """
import signal, sys, time

def end(*_):
    time.sleep(2)
    sys.exit(5)

signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(600)
"""
    arguments = [sys.executable, "-m", "tools.guard", sys.executable, "-c", code]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=120) == 5


def test_a_signal_right_after_the_command_started_reaches_the_command() -> None:
    code = """
import os, signal, subprocess, sys
from tools import guard

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        os.kill(os.getpid(), signal.SIGTERM)

subprocess.Popen = Popen
print(guard.run(["sleep", "600"], stay=False))
"""
    arguments = [sys.executable, "-c", code]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=120, check=False)

    assert (result.returncode, result.stdout) == (0, f"{128 + signal.SIGTERM}\n")


@pytest.mark.skipif(sys.platform != "linux", reason="on macOS, the guard polls once a second")
def test_the_end_of_the_parent_ends_the_guard_and_the_command(orphan_file: Path) -> None:
    parent = subprocess.Popen(["sh", "-c", '"$@"; true', "sh", *guarded(orphan_file, "waits")])
    orphan = psutil.Process(wait_until_orphan(orphan_file))
    guard = psutil.Process(parent.pid).children()[0]

    parent.kill()
    parent.wait(timeout=120)

    _, alive = psutil.wait_procs([orphan, guard], timeout=120)
    assert alive == []


def test_a_process_that_has_already_ended_does_not_stop_the_clean_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The processes of Airflow end each other, so a listed process may not exist any more."""
    ended, other = (psutil.Popen(["sleep", "600"]) for _ in range(2))
    ended.kill()
    ended.wait()
    listings = iter([[ended, other], []])
    # Only the guard is patched, because other code in this process lists children too.
    process = SimpleNamespace(children=lambda *_, **__: next(listings))
    patched = SimpleNamespace(**{**vars(psutil), "Process": lambda: process})
    monkeypatch.setattr(guard, "psutil", patched)

    end_descendants()

    assert other.wait(timeout=120) == -signal.SIGTERM
