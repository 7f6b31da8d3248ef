"""Run Airflow commands in forks of one process that has imported Airflow already."""

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
"""For a server to end its commands, which get 5 s after SIGTERM; it may still import Airflow."""


@dataclass(frozen=True)
class CliResult:
    """What one `airflow` command left behind.

    `exit_code` is that of the process, negative for a signal; `stdout` and `stderr` are its bytes.
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
            The command still runs after `timeout` seconds.
        ConnectionError
            The server has gone, and the exit code with it.
        """
        self._connection.settimeout(timeout)
        answer = self._connection.recv(16)
        if not answer:
            raise ConnectionError
        return int(answer)

    def has_ended(self) -> bool:
        """Tell whether the command, or the server, has ended."""
        return bool(select.select([self._connection], [], [], 0)[0])

    def close(self) -> None:
        """Let go of the command; the server ends it if it still runs."""
        self._connection.close()


class CliServer:
    """The process that imports Airflow once and forks for each command (`cli_server.py`).

    Commands may be given at once: they begin when Airflow is imported. When this process dies, however
    it does, the server and all its commands end.
    """

    def __init__(self, venv: Path, home: Path) -> None:
        """Start the server for the Airflow of `venv` with the `AIRFLOW_HOME` `home`."""
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
                start_new_session=True,  # Ctrl-C is for the sandbox to handle; and see `stop`
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
                raise self.gone() from None
        return Command(ours)

    def run(self, argv: list[str], *, timeout: float) -> CliResult:
        """Run `airflow` with the arguments `argv` to its end.

        Raises
        ------
        TimeoutError
            It took longer than `timeout` seconds, and was ended.
        UserError
            The server is not running any more.
        """
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            command = self.start(argv, stdout=stdout, stderr=stderr)
            try:
                exit_code = command.wait(timeout)
            except ConnectionError:
                raise self.gone() from None
            finally:
                command.close()
            stdout.seek(0)
            stderr.seek(0)
            return CliResult(exit_code, stdout.read(), stderr.read())

    def gone(self) -> UserError:
        """Return the error that says why the server is not there."""
        return UserError(f"Airflow's command server has ended:\n{last_lines(self.log_file)}")

    def stop(self) -> None:
        """End the server and everything it has started."""
        # The server then ends its commands and waits for them, so that their CPU time is known.
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        end_session(self._process.pid)
        self._process.wait()


def last_lines(log_file: Path) -> str:
    """Return the end of a log, and where it is, for the end of an error message."""
    lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([*lines[-10:], f"(the whole log: {log_file})"])
