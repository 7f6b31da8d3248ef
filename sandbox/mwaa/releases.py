"""The releases of Airflow that the sandbox can run, and the differences between them.

To add a release, add a line to `RELEASES`. Then run `make airflow-lock AIRFLOW=…` and `make transcripts AIRFLOW=…`.
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

    Its lock contains no package published after the day `pinned` (UTC), because newer packages break older releases of
    Airflow. `pythons` are the versions of Python that both the release and this project support.
    """

    version: str
    pinned: str
    pythons: tuple[str, ...]

    @property
    def lock(self) -> Path:
        """File with the packages to install and their hashes."""
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
"""Releases by version, from the oldest to the newest."""

DEFAULT = list(RELEASES)[-1]
"""The version that runs if the environment variable AIRFLOW is not set."""

NEWEST_OF_EACH_MAJOR = tuple({version.split(".")[0]: version for version in RELEASES}.values())
"""The versions that the tests start. For the other versions they use recordings."""


def find_release(version: str) -> Release:
    """Return a release. Raises `UserError` with the known versions if it does not exist."""
    if version not in RELEASES:
        raise UserError(
            f"The sandbox has no Airflow {version}: choose one of {', '.join(RELEASES)}, "
            "or add it to sandbox/mwaa/releases.py."
        )
    return RELEASES[version]


def chosen_version() -> str:
    """Return the version in the environment variable AIRFLOW, or the default."""
    return os.environ.get("AIRFLOW") or DEFAULT


@dataclass(frozen=True)
class Family:
    """Properties of all releases of one major version.

    Attributes
    ----------
    components
        Commands in the order of their start.
    health
        Paths of the web server that report the health, and the components in the response that the sandbox starts.
    rest_path
        Path of its REST API.
    cli_path
        Path of Amazon MWAA's CLI endpoint.
    """

    components: tuple[tuple[str, ...], ...]
    health: Mapping[str, tuple[str, ...]]
    rest_path: str
    cli_path: str


AIRFLOW_2 = Family(
    # The scheduler also processes the DAG files.
    components=(("scheduler", "--skip-serve-logs"), ("webserver",)),
    health={"/health": ("metadatabase", "scheduler")},
    rest_path="/api/v1",
    cli_path="/aws_mwaa/cli",
)

AIRFLOW_3 = Family(
    components=(("api-server",), ("scheduler", "--skip-serve-logs"), ("dag-processor",)),
    health={
        # Airflow 3 loads the API for its tasks with the first request, which takes seconds. This request moves them
        # from the first DAG run to the start.
        "/execution/health": (),
        "/api/v2/monitor/health": ("metadatabase", "scheduler", "dag_processor"),
    },
    rest_path="/api/v2",
    cli_path="/aws_mwaa/cli/",
)


def family(version: str) -> Family:
    """Return the family of any version, even if `RELEASES` does not contain it."""
    return {"2": AIRFLOW_2, "3": AIRFLOW_3}[version.split(".", maxsplit=1)[0]]
