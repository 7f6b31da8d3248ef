"""Installation of a locked Airflow, and the metadata database with which each sandbox starts."""

from __future__ import annotations

import contextlib
import json
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
from tools.setup import installer_environment

Step = Callable[[str], AbstractContextManager[object]]

COMMAND_TIMEOUT = 300.0
INSTALL_TIMEOUT = 600.0


@dataclass(frozen=True)
class AirflowInstallation:
    """An installed Airflow.

    The directory `template` contains a migrated metadata database with the DAGs, and the password of the web page's
    user.
    """

    version: str
    venv: Path
    template: Path


def install(version: str, build_dir: Path, step: Step) -> AirflowInstallation:
    """Install Airflow in `build_dir`, or return an existing installation.

    Parameters
    ----------
    version
        A version in `RELEASES`.
    build_dir
        The directory in which `airflow/<version>/` is created.
    step
        Context manager that shows a step and its time.

    Raises
    ------
    UserError
        If the version is unknown or has no lock, if no supported Python is installed, or if the package index cannot be
        reached.
    """
    release = find_release(version)
    if not release.lock.is_file():
        raise UserError(
            f"Airflow {version} has no lock: create it with `make airflow-lock AIRFLOW={version}`."
        )
    directory = build_dir.resolve() / "airflow" / version
    directory.mkdir(parents=True, exist_ok=True)
    configuration = [*sorted(DAGS_FOLDER.rglob("*.py")), Path(__file__), Path(home.__file__)]
    installation = AirflowInstallation(version, directory / "venv", directory / "template")
    # The scripts in a virtual environment contain its path, and the database contains the path of the DAG files.
    venv_key = f"{installation.venv.resolve()}\n{release.lock.read_text()}"
    texts = [venv_key, str(DAGS_FOLDER), *(file.read_text() for file in configuration)]
    with installed(installation.venv, key=venv_key) as done:
        if not done:
            with step(f"Installing Airflow {version} from PyPI"):
                install_venv(release, installation.venv)
    with installed(installation.template, key="\n".join(texts)) as done:
        if not done:
            with step(f"Creating the metadata database of Airflow {version}"):
                create_template(installation)
    return installation


def install_venv(release: Release, venv: Path) -> None:
    """Make the virtual environment and install what the lock names into it."""
    uv = Path(sys.executable).with_name("uv")
    environment = installer_environment(sys.executable)
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
            reason = f"not finished after {INSTALL_TIMEOUT:.0f} s"
        else:
            continue
        raise UserError(
            f"Airflow {release.version} could not be installed: check that you can reach pip's package index, "
            f"or set PIP_INDEX_URL to another index. uv reports: {reason}"
        )


def find_python(release: Release) -> str:
    """Return a Python that supports this Airflow: the running Python, or another Python on the PATH."""
    if "{}.{}".format(*sys.version_info) in release.pythons:
        return sys.executable
    for name in (f"python{number}" for number in reversed(release.pythons)):
        # The commands of a version manager fail if their version is not activated.
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run([name, "--version"], capture_output=True, check=True, timeout=60)
            return name
    raise UserError(
        f"Airflow {release.version} runs on Python {' or '.join(release.pythons)}, which is not on the PATH: "
        "install it, or choose another version of Airflow."
    )


def create_template(installation: AirflowInstallation) -> None:
    """Create a metadata database with the DAGs and the web page's user."""
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
        # With WAL, readers do not wait for a writer. Airflow 3.3 sets it itself, 2.11 does not.
        database.execute("PRAGMA journal_mode=WAL")
    password_file = template / "password.json"
    password_file.touch(mode=0o600)
    password_file.write_text(json.dumps({USERNAME: password}))
    shutil.rmtree(scratch)
