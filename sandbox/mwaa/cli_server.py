"""Airflow's command line without its start-up time: import Airflow once, fork for each command.

An `airflow` process spends most of its seconds on imports. This one imports first, then waits on the
Unix socket whose descriptor is its only argument. For each command it is sent one byte and three
descriptors: stdout, stderr, and a connection on which the argument list arrives as a line of JSON and
the exit code goes back. Closing the connection ends the command, closing the socket ends the server, and
so does the death of the process at the other end.

It runs in Airflow's virtual environment (`python -P`, or the file beside it named `airflow.py` would be
imported in Airflow's place) and knows nothing of the rest of the sandbox.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import CodeType
from typing import NoReturn

# The console script that a fresh process would run; it is what the commands run here too.
SCRIPT = Path(sys.prefix, "bin", "airflow")

# Imported for what they import in turn, then forgotten: a command imports what it needs of them itself,
# and so prints the warnings that a fresh process prints (graphviz is missing, here as on Amazon MWAA).
COMMAND_MODULES = (
    "airflow.cli.commands.dag_command",
    "airflow.cli.commands.task_command",
    "airflow.utils.dot_renderer",
)

# Commands import these late, for a third of their time.
LATE_MODULES = {
    "2": ("airflow.api.client.local_client", "httpcore", "mako.template", "rich.markdown"),
    # What it logs while it is imported, Airflow 2 prints.
    "3": ("alembic.command",),
}

TERMINATION_GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL for a command whose caller has gone."""


def import_airflow() -> CodeType:
    """Import what every command needs and return the compiled console script."""
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
    gc.freeze()  # keeps the pages of what was imported shared between the forks
    return compile(SCRIPT.read_text(), str(SCRIPT), "exec")


def serve(control: socket.socket) -> list[str] | None:
    """Fork for each command on `control`.

    Returns in the server as None when the caller has gone, and in each command's own process as its
    argument list, with stdout and stderr in place.
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
    """Fork the command, report its exit code, and end it when the caller hangs up."""
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
        # Here too: the caller may hang up before the command gets to it. Once the command has, and runs
        # another program, it is refused.
        with contextlib.suppress(PermissionError):
            os.setpgid(pid, pid)
        threading.Thread(target=end_when_closed, args=(caller, pid), daemon=True).start()
        _, status = os.waitpid(pid, 0)
        with contextlib.suppress(ProcessLookupError):  # nothing outlives its command
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):  # the caller may have hung up
            caller.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def end_when_closed(caller: socket.socket, pid: int) -> None:
    """Wait until the caller hangs up, then end the command's process group."""
    caller.recv(1)
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(pid, signal.SIGTERM)
        time.sleep(TERMINATION_GRACE)
        os.killpg(pid, signal.SIGKILL)


def run(script: CodeType, argv: list[str]) -> NoReturn:
    """Run the console script and end, as the interpreter would had it imported everything anew."""
    importlib.import_module("airflow.settings").engine.dispose(close=False)
    sys.argv = [str(SCRIPT), *argv]
    exit_code = 0
    try:
        # The script of the package that the caller installed, as a fresh process runs it.
        exec(script, {"__name__": "__main__", "__file__": str(SCRIPT)})  # noqa: S102
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            exit_code = error.code or 0
        else:
            sys.stderr.write(f"{error.code}\n")
            exit_code = 1
    except Exception as error:  # noqa: BLE001 - an interpreter prints any
        trace = error.__traceback__
        error.__traceback__ = trace and trace.tb_next  # begin with the script, not with this file
        sys.excepthook(type(error), error, error.__traceback__)
        exit_code = 1
    # The interpreter's own steps at its end, but for taking apart every object that Airflow imported,
    # which takes a quarter of a command's time and seconds of a component's.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def reap(*_: object) -> None:
    """Wait for the supervisors that have ended: the CPU time of their commands then counts as this server's."""
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
        # The caller has gone, perhaps by a signal that it could not handle, and leaves Airflow to us.
        processes = runpy.run_path(str(Path(__file__).with_name("processes.py")))
        processes["end_session"](os.getpid())
        os._exit(0)  # without taking apart what Airflow imported
    else:
        run(script, argv)


if __name__ == "__main__":
    main()
