"""Airflow's own REST API, called as the web page's user."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from sandbox.errors import SandboxError
from sandbox.mwaa.airflow import Airflow

FINAL_STATES = frozenset({"success", "failed"})
_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class DagRun:
    """A DAG run as Airflow has it."""

    run_id: str
    conf: Mapping[str, Any]
    state: str


class AirflowRest:
    """The REST API of one Airflow: `/api/v1` with basic authentication on 2.x, `/api/v2` with a JWT on 3.x."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy of the user's
        if airflow.version.startswith("2."):
            self._base = f"{airflow.web_url}/api/v1"
            self._session.auth = (airflow.username, airflow.password)
        else:
            self._base = f"{airflow.web_url}/api/v2"
            self._session.headers["Authorization"] = f"Bearer {self._token()}"

    def call(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None
    ) -> requests.Response:
        """Send one request; `path` begins after `/api/vN`."""
        url = self._base + path
        return self._session.request(
            method, url, params=params, json=body, timeout=_TIMEOUT_SECONDS
        )

    def dag_run(self, dag_id: str, run_id: str) -> DagRun | None:
        """Return the DAG run, or None if there is none with this id."""
        response = self.call(
            "GET", f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"
        )
        if response.status_code == requests.codes.not_found:
            return None
        response.raise_for_status()
        run = response.json()
        return DagRun(run["dag_run_id"], run["conf"], run["state"])

    def run_ids(self, dag_id: str) -> list[str]:
        """Return the ids of the DAG's latest 100 runs."""
        response = self.call(
            "GET", f"/dags/{quote(dag_id, safe='')}/dagRuns", params={"limit": 100}
        )
        response.raise_for_status()
        return [run["dag_run_id"] for run in response.json()["dag_runs"]]

    def wait_for_end(self, dag_id: str, run_id: str, timeout: float) -> DagRun:
        """Return the DAG run once it has succeeded or failed; `SandboxError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            run = self.dag_run(dag_id, run_id)
            if run and run.state in FINAL_STATES:
                return run
            if time.monotonic() > deadline:
                state = run.state if run else "not there"
                raise SandboxError(
                    f"DAG run {run_id} of {dag_id} is {state} after {timeout:.0f} s: see Airflow's logs "
                    f"in {self._airflow.home / 'logs'}."
                )
            time.sleep(_POLL_SECONDS)

    def _token(self) -> str:
        credentials = {"username": self._airflow.username, "password": self._airflow.password}
        response = self._session.post(
            f"{self._airflow.web_url}/auth/token", json=credentials, timeout=_TIMEOUT_SECONDS
        )
        response.raise_for_status()
        return str(response.json()["access_token"])
