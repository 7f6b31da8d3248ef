"""A server that imports Airflow once and forks for each command.

An `airflow` process spends most of its time on imports. This server imports Airflow first, then waits on the Unix
socket whose descriptor is its only argument. For each command it receives one byte and three descriptors: stdout,
stderr, and a connection that transfers the arguments as a line of JSON and returns the exit code. Closing the
connection stops the command. Closing the socket stops the server, as does the end of the process at the other end.

The server runs in Airflow's virtual environment, and imports no module of the sandbox. It needs `python -P`, because
`import airflow` would otherwise import the file `airflow.py` in this directory.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import importlib
import inspect
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType
from typing import Any, NoReturn

# The console script that a new `airflow` process runs.
SCRIPT = Path(sys.prefix, "bin", "airflow")

# Imported for their dependencies, then removed. A command imports them again, and thus prints the same warnings as a
# new process. (graphviz is missing, here as on Amazon MWAA.)
COMMAND_MODULES = (
    "airflow.cli.commands.dag_command",
    "airflow.cli.commands.task_command",
    "airflow.utils.dot_renderer",
)

# Commands import these late, which takes a third of their time.
LATE_MODULES = {
    "2": ("airflow.api.client.local_client", "httpcore", "mako.template", "rich.markdown"),
    # Airflow 2 would print what this module logs on import.
    "3": ("alembic.command",),
}

TERMINATION_GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL for a command whose caller has closed the connection."""


def import_airflow() -> CodeType:
    """Import the modules that all commands need, and return the compiled console script."""
    importlib.import_module("airflow.__main__")
    major = importlib.import_module("airflow").__version__[0]
    models = importlib.import_module("airflow.models")
    orm = importlib.import_module("sqlalchemy.orm")
    for name in (*LATE_MODULES[major], *COMMAND_MODULES):
        importlib.import_module(name)
    for name in COMMAND_MODULES:
        del sys.modules[name]
    models.import_all_models()
    orm.configure_mappers()
    gc.collect()
    gc.freeze()  # lets the forks share the memory of the imported modules
    gc.set_threshold(50_000, 20, 20)  # saves a tenth of the CPU time of starting the components
    return compile(SCRIPT.read_text(), str(SCRIPT), "exec")


def serve(control: socket.socket) -> list[str] | None:
    """Fork for each command on `control`.

    Returns None in the server when the caller has closed the socket. Returns the arguments in the process of each
    command, after redirecting stdout and stderr.
    """
    while True:
        byte, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not byte:
            return None
        if os.fork() == 0:
            control.close()
            return supervise(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def supervise(stdout: int, stderr: int, connection: int) -> list[str]:
    """Fork the command, report its exit code, and stop it when the caller closes the connection."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with socket.socket(fileno=connection) as caller:
        with caller.makefile("r", encoding="utf-8") as lines:
            argv: list[str] = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            os.close(stdout)
            os.close(stderr)
            return argv
        # The child does the same, but the caller may close the connection before that. This call fails if the child has
        # already executed another program.
        with contextlib.suppress(PermissionError):
            os.setpgid(pid, pid)
        threading.Thread(target=end_when_closed, args=(caller, pid), daemon=True).start()
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(ProcessLookupError):  # no process outlives its command
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # the caller may have closed the connection
            caller.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def end_when_closed(caller: socket.socket, pid: int) -> None:
    """Wait until the caller closes the connection, then stop the command's process group."""
    caller.recv(1)
    with contextlib.suppress(ProcessLookupError):  # it has already ended
        os.killpg(pid, signal.SIGTERM)
        time.sleep(TERMINATION_GRACE)
        os.killpg(pid, signal.SIGKILL)


def log_actions_in_threads() -> None:
    """Move the audit log of REST requests from the event loop of the API server to threads.

    On SQLite, the event loop would wait there for the transaction of another request, which needs the event loop to
    end. Both would wait for the time limit of the database, and the scheduler with them, which then ends.
    """
    decorators: Any = importlib.import_module("airflow.api_fastapi.logging.decorators")
    original = decorators.action_logging

    def action_logging(event: str | None = None) -> Callable[..., Awaitable[None]]:
        log_action = original(event)

        async def dependency(request: Any, **others: Any) -> None:
            await request.body()  # is kept, so that the rest awaits nothing of this event loop
            await asyncio.to_thread(asyncio.run, log_action(request=request, **others))

        # FastAPI reads it to find the arguments.
        dependency.__signature__ = inspect.signature(log_action, eval_str=True)  # type: ignore[attr-defined]
        return dependency

    decorators.action_logging = action_logging


def run(script: CodeType, argv: list[str]) -> NoReturn:
    """Run the console script and exit, as a new interpreter would."""
    importlib.import_module("airflow.settings").engine.dispose(close=False)
    if argv[0] == "api-server":
        log_actions_in_threads()
    sys.argv = [str(SCRIPT), *argv]
    exit_code = 0
    try:
        # The script of the installed package, as a new process runs it.
        exec(script, {"__name__": "__main__", "__file__": str(SCRIPT)})  # noqa: S102
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            exit_code = error.code or 0
        else:
            sys.stderr.write(f"{error.code}\n")
            exit_code = 1
    except Exception as error:  # noqa: BLE001 - an interpreter prints all exceptions
        trace = error.__traceback__
        error.__traceback__ = trace and trace.tb_next  # starts with the script, not with this file
        sys.excepthook(type(error), error, error.__traceback__)
        exit_code = 1
    # The steps of the interpreter at its exit, without the destruction of all imported objects. That takes a quarter of
    # a command's time, and several seconds of a component.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def reap(*_: object) -> None:
    """Wait for supervisors that have ended, so that the CPU time of their commands counts as this server's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Import Airflow, then serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, reap)
    script = import_airflow()
    argv = serve(control)
    if argv is None:
        # The caller has closed the socket, or a signal that it could not handle has ended it. Stop Airflow.
        processes = runpy.run_path(str(Path(__file__).with_name("processes.py")))
        processes["end_session"](os.getpid())
        os._exit(0)  # without destroying the imported objects
    else:
        run(script, argv)


if __name__ == "__main__":
    main()
