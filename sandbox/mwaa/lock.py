"""Lock a release of Airflow: `make airflow-lock AIRFLOW=3.3.1` writes its file in `airflow-locks/`."""

from __future__ import annotations

import os
import subprocess
import sys

from sandbox.mwaa.releases import Release, chosen_version, find_release
from tools.errors import UserError
from tools.setup import index_settings

_SECONDS = 600.0


def lock(release: Release) -> None:
    """Write the lock of a release: what Airflow asks for and nothing else, as of the day it is pinned to.

    The package index has to tell when each file was published; PyPI does.

    Raises
    ------
    UserError
        uv found no set of packages, or the package index cannot be reached.
    """
    options = ["--universal", "--python-version", release.pythons[0], "--generate-hashes"]
    options += ["--no-annotate", "--no-emit-index-url"]
    options += ["--exclude-newer", f"{release.pinned}T23:59:59Z"]
    options += ["--custom-compile-command", f"make airflow-lock AIRFLOW={release.version}"]
    done = subprocess.run(
        ["uv", "pip", "compile", "--quiet", *options, "-", "--output-file", release.lock],
        input=f"apache-airflow=={release.version}\n",
        capture_output=True,
        env=os.environ | index_settings(),
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise UserError(f"Airflow {release.version} cannot be locked. uv said: {done.stderr}")


def main() -> None:
    """Lock the release that AIRFLOW names."""
    try:
        lock(find_release(chosen_version()))
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


if __name__ == "__main__":
    main()
