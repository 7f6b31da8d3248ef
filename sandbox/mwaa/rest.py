"""Airflow's own REST API, called as the web page's user."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from sandbox.mwaa.releases import AIRFLOW_2, family
from tools.errors import UserError

FINAL_STATES = frozenset({"success", "failed"})
_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class DagRun:
    """A DAG run in Airflow."""

    run_id: str
    conf: Mapping[str, Any]
    state: str


class AirflowRest:
    """The REST API of one Airflow, as its web page's user: `/api/v1` on 2.x, `/api/v2` on 3.x.

    Parameters
    ----------
    version
        The version of Airflow.
    web_url
        URL of the web page, without a slash at the end.
    username, password
        Credentials of the web page's user.
    """

    def __init__(self, version: str, web_url: str, *, username: str, password: str) -> None:
        self._web_url = web_url
        self._session = requests.Session()
        self._session.trust_env = False  # ignores the user's proxy
        credentials = {"username": username, "password": password}
        self._base = web_url + family(version).rest_path
        if family(version) is AIRFLOW_2:
            self._log_in(credentials)
        else:
            token = self._post("/auth/token", json=credentials).json()["access_token"]
            self._session.headers["Authorization"] = f"Bearer {token}"

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> requests.Response:
        """Send a request. `path` starts after `/api/vN`."""
        url = self._base + path
        return self._session.request(method, url, params=params, json=body, timeout=timeout)

    def dag_run(self, dag_id: str, run_id: str) -> DagRun | None:
        """Return the DAG run, or None if it does not exist."""
        response = self.call(
            "GET", f"/dags/{quote(dag_id, safe='')}/dagRuns/{quote(run_id, safe='')}"
        )
        if response.status_code == requests.codes.not_found:
            return None
        response.raise_for_status()
        run = response.json()
        return DagRun(run["dag_run_id"], run["conf"], run["state"])

    def run_ids(self, dag_id: str) -> list[str]:
        """Return the IDs of the latest 100 runs of a DAG."""
        response = self.call(
            "GET",
            f"/dags/{quote(dag_id, safe='')}/dagRuns",
            params={"limit": 100, "order_by": "-id"},
        )
        response.raise_for_status()
        return [run["dag_run_id"] for run in response.json()["dag_runs"]]

    def wait_for_end(self, dag_id: str, run_id: str, timeout: float) -> DagRun:
        """Wait until the DAG run has succeeded or failed. Raises `UserError` after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            run = self.dag_run(dag_id, run_id)
            if run and run.state in FINAL_STATES:
                return run
            if time.monotonic() > deadline:
                state = f"is {run.state}" if run else "does not exist"
                raise UserError(
                    f"DAG run {run_id} of {dag_id} {state} after {timeout:.0f} s: see Airflow's logs."
                )
            time.sleep(_POLL_SECONDS)

    def _log_in(self, credentials: Mapping[str, str]) -> None:
        """Get a session cookie. With basic authentication Airflow 2 would hash the password for each request."""
        page = self._session.get(f"{self._web_url}/login/", timeout=_TIMEOUT_SECONDS).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        self._post("/login/", data={**credentials, "csrf_token": token[1]})

    def _post(self, path: str, **body: Any) -> requests.Response:
        response = self._session.post(self._web_url + path, timeout=_TIMEOUT_SECONDS, **body)
        response.raise_for_status()
        return response
