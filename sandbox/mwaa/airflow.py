"""A real Airflow on the loopback interface, with its own home directory."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import requests

from sandbox.mwaa.cli import CliResult, CliServer, Command, last_lines
from sandbox.mwaa.home import DATABASE, USERNAME, environment, write_configuration
from sandbox.mwaa.install import AirflowInstallation
from sandbox.mwaa.releases import family
from sandbox.mwaa.rest import AirflowRest
from tools.errors import UserError

READY_SECONDS = 300.0
"""Time limit for the components to become healthy. On an idle machine it takes 3 to 8 s."""

PASSWORDS = "simple_auth_manager_passwords.json.generated"
"""File with the passwords of the web page's users. Airflow 3 generates it if it does not exist."""


class Airflow:
    """An Airflow with scheduler, DAG processor, web page and REST API, and its command line.

    Its components are real `airflow` commands. Like all commands they run in forks of a process that has imported
    Airflow, which halves their start-up time and memory.

    Parameters
    ----------
    installation
        Result of `install`.
    home
        Directory for Airflow's configuration, metadata database and logs. It must not exist.
    process_per_command
        Whether `cli` starts a new `airflow` process for each command, as Amazon MWAA does. A command then takes
        seconds instead of tenths of a second.
    """

    def __init__(
        self, installation: AirflowInstallation, home: Path, *, process_per_command: bool = False
    ) -> None:
        self.version = installation.version
        self.home = home.resolve()
        self.username = USERNAME
        self._family = family(installation.version)
        self._installation = installation
        self._process_per_command = process_per_command
        self._components: dict[str, Command] = {}
        self._resources = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def web_url(self) -> str:
        """URL of the web page, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def password(self) -> str:
        """Password of the web page's user."""
        passwords = json.loads((self.home / PASSWORDS).read_text())
        return str(passwords[USERNAME])

    def start(self) -> None:
        """Start all components, and return before they are ready.

        Raises
        ------
        UserError
            If `home` exists.
        """
        with contextlib.ExitStack() as resources:
            self._port = resources.enter_context(reserved_port())
            self._prepare_home()
            # Entered first, so that it exits last: the watch ends when the components have ended.
            watch = resources.enter_context(ThreadPoolExecutor(1, thread_name_prefix="airflow"))
            self._server = resources.enter_context(CliServer(self._installation.venv, self.home))
            for argv in self._family.components:
                with self._log_file(argv[0]).open("wb") as log:
                    component = self._server.start(list(argv), stdout=log, stderr=log)
                self._components[argv[0]] = resources.enter_context(contextlib.closing(component))
            self._ready: Future[None] = watch.submit(self._watch)
            self._resources = resources.pop_all()

    def wait_ready(self) -> None:
        """Wait until all components are healthy.

        Raises
        ------
        UserError
            If a component has ended, or if not all are healthy `READY_SECONDS` after the start.
        """
        self._ready.result()

    def _watch(self) -> None:
        """Poll the health of the components. These requests also make Airflow 3 load a part of its API."""
        deadline = time.monotonic() + READY_SECONDS
        while problem := self._find_health_problem():
            for name, component in self._components.items():
                if component.has_ended():
                    raise UserError(
                        f"Airflow's {name} ended during its start:\n{last_lines(self._log_file(name))}"
                    )
            if time.monotonic() > deadline:
                raise UserError(
                    f"Airflow was not ready after {READY_SECONDS:.0f} s: {problem}. "
                    f"See its logs in {self.home / 'logs'}."
                )
            time.sleep(0.1)

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        """Run `airflow` with the arguments `argv`.

        Raises
        ------
        TimeoutError
            If it takes longer than `timeout` seconds. The command is then stopped.
        UserError
            If this Airflow has ended.
        """
        if not self._process_per_command:
            return self._server.run(argv, timeout=timeout)
        venv = self._installation.venv
        try:
            done = subprocess.run(
                [venv / "bin" / "airflow", *argv],
                capture_output=True,
                check=False,
                cwd=self.home,
                env=environment(self.home, venv),
                stdin=subprocess.DEVNULL,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        return CliResult(done.returncode, done.stdout, done.stderr)

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        """Send a request to Airflow's own REST API. `path` starts after `/api/vN`."""
        return self.api.call(method, path, params=params, body=body, timeout=timeout)

    @functools.cached_property
    def api(self) -> AirflowRest:
        """Airflow's own REST API. Airflow must be ready."""
        return AirflowRest(
            self.version, self.web_url, username=self.username, password=self.password
        )

    def stop(self) -> None:
        """Stop all processes of this Airflow. Its home directory remains."""
        self._resources.close()

    def _prepare_home(self) -> None:
        """Create the home directory with configuration, metadata database and password."""
        template = self._installation.template
        try:
            self.home.mkdir(parents=True)
        except FileExistsError:
            raise UserError(
                f"{self.home} already exists: delete it, or choose another directory."
            ) from None
        write_configuration(self.version, self.home, port=self._port)
        shutil.copyfile(template / DATABASE, self.home / DATABASE)
        shutil.copy(template / "password.json", self.home / PASSWORDS)

    def _log_file(self, component: str) -> Path:
        return self.home / "logs" / f"{component}.log"

    def _find_health_problem(self) -> str:
        """Return why Airflow is not healthy, or an empty string."""
        unhealthy = []
        with requests.Session() as session:
            session.trust_env = False  # ignores the user's proxy
            for path, parts in self._family.health.items():
                try:
                    health = session.get(self.web_url + path, timeout=5).json()
                except requests.RequestException:
                    return "its web server does not respond"
                unhealthy += [
                    part for part in parts if health.get(part, {}).get("status") != "healthy"
                ]
        return f"{', '.join(unhealthy)} not healthy" if unhealthy else ""


@contextlib.contextmanager
def reserved_port() -> Iterator[int]:
    """Reserve a free port of the loopback interface for a server that this process starts.

    Both bind with SO_REUSEADDR, and only the server listens. Linux allows this, and does not assign the port to other
    sockets. On other systems the reservation ends before the server starts.
    """
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reservation.bind(("127.0.0.1", 0))
        port = reservation.getsockname()[1]
        if sys.platform != "linux":
            reservation.close()
        yield port
