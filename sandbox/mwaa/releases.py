"""The releases of Airflow that the sandbox can run, and what is not alike in all of them.

A new release is a line in `RELEASES`; then `make airflow-lock AIRFLOW=…` and `make transcripts AIRFLOW=…`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.errors import UserError

LOCKS = Path(__file__).parents[1] / "airflow-locks"


@dataclass(frozen=True)
class Release:
    """A release of Airflow that Amazon MWAA offers.

    `pinned` is the day (UTC) after which nothing that its lock names was published: newer packages have
    broken older Airflows. `pythons` are those that it runs on, of those that this project supports.
    """

    version: str
    pinned: str
    pythons: tuple[str, ...]

    @property
    def lock(self) -> Path:
        """What to install, with hashes."""
        return LOCKS / f"airflow-{self.version}.txt"


RELEASES: Mapping[str, Release] = {
    release.version: release
    for release in (
        Release("2.10.3", "2024-11-08", ("3.11", "3.12")),
        Release("2.11.2", "2026-03-20", ("3.11", "3.12")),
        Release("3.0.6", "2025-09-02", ("3.11", "3.12")),
        Release("3.2.1", "2026-04-26", ("3.11", "3.12", "3.13")),
        Release("3.3.1", "2026-09-05", ("3.11", "3.12", "3.13")),
    )
}
"""By version, the oldest first."""

DEFAULT = list(RELEASES)[-1]
"""The version that runs where none is asked for."""

NEWEST_OF_EACH_MAJOR = tuple({version.split(".")[0]: version for version in RELEASES}.values())
"""The versions that the tests start; of the others they read what was recorded."""


def find_release(version: str) -> Release:
    """Return the release; `UserError` with the known ones if there is none."""
    if version not in RELEASES:
        raise UserError(
            f"There is no Airflow {version} here: choose one of {', '.join(RELEASES)}, "
            "or add it to sandbox/mwaa/releases.py."
        )
    return RELEASES[version]


def chosen_version() -> str:
    """Return the version that the environment variable AIRFLOW names, or the default."""
    return os.environ.get("AIRFLOW") or DEFAULT


@dataclass(frozen=True)
class Family:
    """What the releases of one major version have in common and the others do not.

    Attributes
    ----------
    components
        The commands that run, in the order of their start.
    health
        Where the web server tells its health, and which of the parts told there are started here.
    rest_path
        Where its REST API begins.
    cli_path
        Where Amazon MWAA takes commands for it.
    """

    components: tuple[tuple[str, ...], ...]
    health: Mapping[str, tuple[str, ...]]
    rest_path: str
    cli_path: str


AIRFLOW_2 = Family(
    # The scheduler processes the DAG files too.
    components=(("scheduler", "--skip-serve-logs"), ("webserver",)),
    health={"/health": ("metadatabase", "scheduler")},
    rest_path="/api/v1",
    cli_path="/aws_mwaa/cli",
)

AIRFLOW_3 = Family(
    components=(("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",)),
    health={
        # Airflow 3 builds the API that its tasks talk to when the first of them calls. That takes
        # seconds, which belong to the start and not to the first DAG run.
        "/execution/health": (),
        "/api/v2/monitor/health": ("metadatabase", "scheduler", "dag_processor"),
    },
    rest_path="/api/v2",
    cli_path="/aws_mwaa/cli/",
)


def family(version: str) -> Family:
    """Return the family of a version, which need not be among `RELEASES`."""
    return {"2": AIRFLOW_2, "3": AIRFLOW_3}[version.split(".", maxsplit=1)[0]]
