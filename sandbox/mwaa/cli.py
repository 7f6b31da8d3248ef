"""Airflow commands in forks of one process that has imported Airflow."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from sandbox.mwaa.home import environment
from sandbox.mwaa.processes import end_session
from tools.errors import UserError

SERVER = Path(__file__).with_name("cli_server.py")

STOP_SECONDS = 60.0
"""Time limit for a server to stop. Its commands have 5 s after SIGTERM, and it may still be importing Airflow."""


@dataclass(frozen=True)
class CliResult:
    """The result of an `airflow` command.

    `exit_code` is negative if a signal ended the process. `stdout` and `stderr` are bytes.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes


class Command:
    """A command that runs in a fork of the server."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def wait(self, timeout: float) -> int:
        """Return the exit code.

        Raises
        ------
        TimeoutError
            If the command is still running after `timeout` seconds.
        ConnectionError
            If the server has ended.
        """
        self._connection.settimeout(timeout)
        data = self._connection.recv(16)
        if not data:
            raise ConnectionError
        return int(data)

    def has_ended(self) -> bool:
        """Return whether the command or the server has ended."""
        return bool(select.select([self._connection], [], [], 0)[0])

    def close(self) -> None:
        """Close the connection. The server then stops the command if it is running."""
        self._connection.close()


class CliServer:
    """A process that imports Airflow once and forks for each command (`cli_server.py`).

    You can start commands immediately. They wait until Airflow is imported. The server and all its commands end with
    this process.
    """

    def __init__(self, venv: Path, home: Path) -> None:
        """Start the server for the Airflow in `venv` with `home` as its `AIRFLOW_HOME`."""
        self.log_file = home / "logs" / "cli-server.log"
        self.log_file.parent.mkdir(exist_ok=True)
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        with theirs, self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [venv / "bin" / "python", "-P", SERVER, str(theirs.fileno())],
                cwd=home,
                env=environment(home, venv),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # the sandbox handles Ctrl-C, and `stop` ends the session
                stderr=log,
                stdin=subprocess.DEVNULL,
                stdout=log,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, argv: list[str], *, stdout: IO[bytes], stderr: IO[bytes]) -> Command:
        """Start `airflow` with the arguments `argv`."""
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = [stdout.fileno(), stderr.fileno(), theirs.fileno()]
            try:
                with self._lock:
                    socket.send_fds(self._control, [b"\n"], descriptors)
                ours.sendall(json.dumps(argv).encode() + b"\n")
            except OSError:
                ours.close()
                raise self._create_ended_error() from None
        return Command(ours)

    def run(self, argv: list[str], *, timeout: float) -> CliResult:
        """Run `airflow` with the arguments `argv` until it ends.

        Raises
        ------
        TimeoutError
            If it takes longer than `timeout` seconds. The command is then stopped.
        UserError
            If the server has ended.
        """
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            command = self.start(argv, stdout=stdout, stderr=stderr)
            try:
                exit_code = command.wait(timeout)
            except ConnectionError:
                raise self._create_ended_error() from None
            finally:
                command.close()
            stdout.seek(0)
            stderr.seek(0)
            return CliResult(exit_code, stdout.read(), stderr.read())

    def _create_ended_error(self) -> UserError:
        """Return an error with the end of the server's log."""
        return UserError(f"Airflow's command server has ended:\n{last_lines(self.log_file)}")

    def stop(self) -> None:
        """Stop the server and all processes that it has started."""
        # The server then stops its commands and waits for them, so that it knows their CPU time.
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        end_session(self._process.pid)
        self._process.wait()


def last_lines(log_file: Path) -> str:
    """Return the last lines of a log and its path, for an error message."""
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([*lines[-10:], f"(full log: {log_file})"])
