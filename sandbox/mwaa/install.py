"""Install a locked Airflow and prepare the metadata database that each sandbox starts from."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sandbox.installed import installed
from sandbox.mwaa import home
from sandbox.mwaa.cli import CliServer
from sandbox.mwaa.home import DAGS_FOLDER, DATABASE, USERNAME, write_configuration
from sandbox.mwaa.releases import AIRFLOW_2, Release, family, find_release
from tools.errors import UserError
from tools.setup import index_settings

Step = Callable[[str], AbstractContextManager[object]]

COMMAND_TIMEOUT = 300.0
INSTALL_TIMEOUT = 600.0


@dataclass(frozen=True)
class AirflowInstallation:
    """An Airflow that is ready to be started.

    `template` is a directory that holds a migrated metadata database with the DAGs in it, and the
    password of the web page's user.
    """

    version: str
    venv: Path
    template: Path


def install(version: str, build_dir: Path, step: Step) -> AirflowInstallation:
    """Install Airflow under `build_dir`, or find what an earlier call has installed there.

    Parameters
    ----------
    version
        One of `RELEASES`.
    build_dir
        The directory in which `airflow/<version>/` is made.
    step
        Times and shows the steps that take a while.

    Raises
    ------
    UserError
        No such version, no lock of it, no Python that it runs on, or the package index cannot be reached.
    """
    release = find_release(version)
    if not release.lock.is_file():
        raise UserError(
            f"Airflow {version} has no lock yet: make it with `make airflow-lock AIRFLOW={version}`."
        )
    directory = build_dir.resolve() / "airflow" / version
    directory.mkdir(parents=True, exist_ok=True)
    configuration = [*sorted(DAGS_FOLDER.rglob("*.py")), Path(__file__), Path(home.__file__)]
    installation = AirflowInstallation(version, directory / "venv", directory / "template")
    # The scripts in a virtual environment name its path, the database that of the DAG files.
    venv_key = f"{installation.venv.resolve()}\n{release.lock.read_text()}"
    texts = [venv_key, str(DAGS_FOLDER), *(file.read_text() for file in configuration)]
    with installed(installation.venv, key=venv_key) as done:
        if not done:
            with step(f"Airflow {version} from PyPI"):
                install_venv(release, installation.venv)
    with installed(installation.template, key="\n".join(texts)) as done:
        if not done:
            with step(f"Airflow {version}: migrate an empty metadata database"):
                make_template(installation)
    return installation


def install_venv(release: Release, venv: Path) -> None:
    """Make the virtual environment and install what the lock names into it."""
    uv = Path(sys.executable).with_name("uv")
    environment = os.environ | index_settings()
    python = venv / "bin" / "python"
    steps: tuple[list[str | Path], ...] = (
        ["venv", "--quiet", "--allow-existing", "--python", find_python(release), venv],
        ["pip", "sync", "--quiet", "--require-hashes", "--python", python, release.lock],
    )
    for arguments in steps:
        try:
            subprocess.run(
                [uv, *arguments],
                capture_output=True,
                check=True,
                cwd=venv.parent,
                env=environment,
                text=True,
                timeout=INSTALL_TIMEOUT,
            )
        except subprocess.CalledProcessError as error:
            reason = " ".join(error.stderr.split())
        except subprocess.TimeoutExpired:
            reason = f"no end after {INSTALL_TIMEOUT:.0f} s"
        else:
            continue
        raise UserError(
            f"Airflow {release.version} could not be installed: check that pip's package index can be reached, "
            f"or set PIP_INDEX_URL to one that can. uv said: {reason}"
        )


def find_python(release: Release) -> str:
    """Return a Python that this Airflow runs on: the running one if it fits, else one on the PATH."""
    if "{}.{}".format(*sys.version_info) in release.pythons:
        return sys.executable
    for name in (f"python{number}" for number in reversed(release.pythons)):
        # A version manager puts commands on the PATH that only say which version to activate.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([name, "--version"], capture_output=True, check=True, timeout=60)
            return name
    raise UserError(
        f"Airflow {release.version} runs on Python {' or '.join(release.pythons)}, and none of them is "
        f"on the PATH: install one, or choose another Airflow."
    )


def make_template(installation: AirflowInstallation) -> None:
    """Migrate an empty metadata database, put the DAGs and the web page's user in, and keep it."""
    template = installation.template
    scratch = template / "scratch"
    scratch.mkdir()
    write_configuration(installation.version, scratch, port=0)
    password = secrets.token_urlsafe(12)
    commands = [["db", "migrate"], ["dags", "reserialize"]]
    if family(installation.version) is AIRFLOW_2:
        user = {
            "username": USERNAME,
            "password": password,
            "role": "Admin",
            "email": "admin@localhost",
        }
        user |= {"firstname": "Sandbox", "lastname": "Admin"}
        commands.append(["sync-perm"])
        commands.append(["users", "create", *(f"--{name}={value}" for name, value in user.items())])
    with CliServer(installation.venv, scratch) as server:
        for argv in commands:
            result = server.run(argv, timeout=COMMAND_TIMEOUT)
            if result.exit_code:
                raise UserError(
                    f"`airflow {argv[0]} {argv[1]}` failed with exit code {result.exit_code}:\n"
                    f"{result.stderr.decode(errors='replace')}"
                )
    with contextlib.closing(sqlite3.connect(scratch / DATABASE)) as database:
        database.execute("VACUUM INTO ?", [str(template / DATABASE)])
    with contextlib.closing(sqlite3.connect(template / DATABASE)) as database:
        # Readers do not wait for a writer. Airflow 3.3 does so itself, 2.11 does not.
        database.execute("PRAGMA journal_mode=WAL")
    password_file = template / "password.json"
    password_file.touch(mode=0o600)
    password_file.write_text(json.dumps({USERNAME: password}))
    shutil.rmtree(scratch)
