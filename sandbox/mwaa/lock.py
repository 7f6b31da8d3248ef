"""Lock a release of Airflow: `make airflow-lock AIRFLOW=3.3.1` writes its line's file in `airflow-locks/`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from sandbox.mwaa.releases import Release, chosen_version, find_release
from tools.errors import UserError
from tools.setup import index_settings

_SECONDS = 600.0


def lock(release: Release) -> None:
    """Write the lock of a release: all that it needs, as of its day, with hashes.

    Raises
    ------
    UserError
        uv found no set of packages, or the package index cannot be reached.
    """
    undated: list[str] = []
    while True:
        done = _compile(release, undated)
        if done.returncode == 0:
            break
        # An index need not know when a package was published (PEP 700); then any version will do.
        unknown = re.search(r"Because ([\w.-]+?)[=<>]\S* has no publish time", done.stderr)
        if not unknown or unknown[1] in undated:
            raise UserError(f"Airflow {release.version} cannot be locked. uv said: {done.stderr}")
        undated.append(unknown[1])
    release.lock.write_text(done.stdout)


def _compile(release: Release, undated: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "-", "--quiet"),
            *("--universal", "--python-version", release.pythons[0]),
            *("--exclude-newer", release.pinned),
            *(f"--exclude-newer-package={name}=false" for name in undated),
            *("--generate-hashes", "--no-annotate", "--no-emit-index-url"),
            *("--custom-compile-command", f"make airflow-lock AIRFLOW={release.version}"),
        ],
        input=f"apache-airflow=={release.version}\n",
        env=os.environ | index_settings(),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def main() -> None:
    """Lock the release that AIRFLOW names."""
    try:
        lock(find_release(chosen_version()))
    except UserError as error:
        sys.exit(f"mwaa-dags-trigger: {error}")


if __name__ == "__main__":
    main()
