"""Lock files of Airflow: `make airflow-lock AIRFLOW=3.3.1` writes a file in `airflow-locks/`."""

from __future__ import annotations

import subprocess
import sys

from sandbox.mwaa.releases import Release, chosen_version, find_release
from tools.errors import UserError
from tools.setup import installer_environment

_SECONDS = 600.0


def lock(release: Release) -> None:
    """Write the lock file of a release: Airflow and its dependencies as of the release's `pinned` day.

    The package index must report the publication date of each file, as PyPI does.

    Raises
    ------
    UserError
        If uv finds no set of packages, or cannot reach the package index.
    """
    options = ["--universal", "--python-version", release.pythons[0], "--generate-hashes"]
    options += ["--no-annotate", "--no-emit-index-url"]
    options += ["--exclude-newer", f"{release.pinned}T23:59:59Z"]
    options += ["--custom-compile-command", f"make airflow-lock AIRFLOW={release.version}"]
    done = subprocess.run(
        ["uv", "pip", "compile", "--quiet", *options, "-", "--output-file", release.lock],
        input=f"apache-airflow=={release.version}\n",
        capture_output=True,
        env=installer_environment(sys.executable),
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise UserError(f"Airflow {release.version} cannot be locked. uv reports: {done.stderr}")


def main() -> None:
    """Lock the release in the environment variable AIRFLOW."""
    try:
        lock(find_release(chosen_version()))
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


if __name__ == "__main__":
    main()
