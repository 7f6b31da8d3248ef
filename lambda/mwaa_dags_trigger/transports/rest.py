"""The transport that calls Airflow's REST API with MWAA's InvokeRestApi."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaBusy,
    Outcome,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.client import (
    API_CONNECT_SECONDS,
    API_READ_SECONDS,
    INVALID_RESPONSE_ERRORS,
    error_code,
    is_denied_or_throttled,
    is_untrusted,
    raise_client_error,
    raise_no_response,
)
from mwaa_dags_trigger.mwaa.environments import AirflowVersion, Environments
from mwaa_dags_trigger.request import DagKey, RunKey, Trigger
from mwaa_dags_trigger.transports.base import REPORT_SECONDS, Dag, DagRun
from mwaa_dags_trigger.transports.failures import (
    check_time,
    refusal_hint,
    unexpected_errors_as_lost,
    unknown_dag,
)
from mwaa_dags_trigger.transports.rest_output import is_page, is_run, parse_dag, parse_import_errors

CALL_SECONDS = API_CONNECT_SECONDS + API_READ_SECONDS
"""With less time, no call is sent."""
MAX_PATH_LENGTH = 64
"""AWS: "Amazon MWAA API Reference, InvokeRestApi"."""
MAX_IDS_LENGTH = MAX_PATH_LENGTH - len("/dags//dagRuns/")
"""The length of DAG id and run id together that fits into a path."""
FIRST_PAGE_SIZE, MAX_PAGE_SIZE = 20, 500
"""Runs on a page of a search. The first page has room for 20 confs of the maximum size."""
PAGE_BYTES = 3_000_000
"""The intended size of later pages, at the average size of the previous runs."""

# After these errors, the call may have been sent. All other errors of botocore occur before that.
_LOST = (HTTPClientError, SSLError, RecursionError, *INVALID_RESPONSE_ERRORS)


@dataclass(frozen=True, kw_only=True)
class RestResponse:
    """A response of Airflow's web server."""

    status: int
    body: Any = field(repr=False)


class RestTransport:
    """Calls of Airflow's REST API through the MWAA API.

    Parameters
    ----------
    environments
        Provides versions and the client.
    """

    name = "rest"
    trigger_seconds = 2 * CALL_SECONDS + REPORT_SECONDS
    lookup_seconds = CALL_SECONDS + REPORT_SECONDS

    def __init__(self, environments: Environments) -> None:
        self.environments = environments

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Post the DAG run; see `Transport.trigger`."""
        key, path = trigger.key, f"/dags/{trigger.key.mwaa_dag_name}/dagRuns"
        reserve = self.lookup_seconds
        version = self._version(key, deadline, reserve_seconds=reserve)
        body = trigger_body(version, trigger)
        response = self._call(key, deadline, path, body, reserve_seconds=reserve)
        if response.status in (400, 422):
            # The environment may have been upgraded after its version was read.
            self.environments.forget(key.mwaa_env_name)
            newer = self._version(key, deadline, reserve_seconds=reserve)
            if newer.major != version.major:
                version, body = newer, trigger_body(newer, trigger)
                response = self._call(key, deadline, path, body, reserve_seconds=reserve)
        with unexpected_errors_as_lost(key.mwaa_env_name):
            if response.status >= 300 or not is_run(response.body, key):
                has_message = response.status in (400, 422)
                hint = refusal_hint(str(response.body), key) if has_message else ""
                raise self._explain(response, key, hint=hint)
            return _dag_run(response.body, version)

    def find(self, key: RunKey, deadline: Deadline) -> DagRun | None:
        """Get the run by its id, or search for it if its path would be too long."""
        version = self._version(key, deadline, reserve_seconds=REPORT_SECONDS)
        dag_path = f"/dags/{key.mwaa_dag_name}"
        path = f"{dag_path}/dagRuns/{key.dag_run_id}"
        too_long = len(path) > MAX_PATH_LENGTH
        run = self._search(key, deadline) if too_long else self._get(key, deadline, path)
        if run is not None:
            return _dag_run(run, version)
        response = self._call(key, deadline, dag_path)
        if response.status != 200:
            raise self._explain(response, key)
        return None

    def failed_tasks(self, key: RunKey, deadline: Deadline) -> list[str]:
        """Search for the tasks; see `Transport.failed_tasks`. Most of their paths are too long."""
        ids = {"dag_ids": [key.mwaa_dag_name], "dag_run_ids": [key.dag_run_id]}
        path = "/dags/~/dagRuns/~/taskInstances/list"
        response = self._call(key, deadline, path, {**ids, "state": ["failed"]})
        if response.status != 200:
            raise self._explain(response, key)
        return [str(task["task_id"]) for task in response.body["task_instances"]]

    def is_paused(self, key: RunKey, deadline: Deadline) -> bool:
        """Get the DAG; see `Transport.is_paused`."""
        response = self._call(key, deadline, f"/dags/{key.mwaa_dag_name}")
        if response.status != 200:
            raise self._explain(response, key)
        return response.body["is_paused"] is True

    def describe_dag(self, key: DagKey, deadline: Deadline) -> Dag:
        """Get the DAG with its params; see `Transport.describe_dag`."""
        version = self._version(key, deadline, reserve_seconds=REPORT_SECONDS).text
        response = self._call(key, deadline, f"/dags/{key.mwaa_dag_name}/details")
        if response.status == 404 and _mentions(key.mwaa_dag_name, response):
            errors = self._import_errors(key, deadline)
            return Dag(exists=False, airflow_version=version, import_errors=errors)
        if response.status != 200:
            raise self._explain(response, key)
        broken = response.body.get("has_import_errors")
        errors = self._import_errors(key, deadline) if broken else {}
        return parse_dag(response.body, version, errors)

    def _import_errors(self, key: DagKey, deadline: Deadline) -> dict[str, str]:
        """Get the import errors of all files that the Airflow role may see."""
        response = self._call(key, deadline, "/importErrors")
        if response.status in (200, 401, 403):
            return parse_import_errors(response.body)
        raise self._explain(response, key)

    def _get(self, key: RunKey, deadline: Deadline, path: str) -> Any:
        """Return the run with this path, or None."""
        response = self._call(key, deadline, path)
        if response.status == 404 and _mentions(key.dag_run_id, response):
            return None
        if response.status != 200 or not is_run(response.body, key):
            raise self._explain(response, key)
        return response.body

    def _search(self, key: RunKey, deadline: Deadline) -> Any:
        """Search the runs of the DAG, newest first, and return the run, or None.

        Airflow 2 and 3.0 cannot filter by run id.
        """
        seen, size = 0, FIRST_PAGE_SIZE
        while True:
            page = {"order_by": "-id", "page_offset": seen, "page_limit": size}
            body = {"dag_ids": [key.mwaa_dag_name], **page}
            response = self._call(key, deadline, "/dags/~/dagRuns/list", body)
            if response.status != 200 or not is_page(response.body):
                raise self._explain(response, key)
            runs, total = response.body["dag_runs"], response.body["total_entries"]
            for run in runs:
                if is_run(run, key):
                    return run
            seen += len(runs)
            if not runs or seen >= total:
                return None
            if deadline.time_left() < CALL_SECONDS + REPORT_SECONDS:
                raise CommandRejected(
                    f"The function ran out of time after checking {seen} of {total} runs of DAG "
                    f"{key.mwaa_dag_name} in MWAA environment {key.mwaa_env_name}, newest first. "
                    "Increase the function's timeout, delete old runs, or use a DAG id and a run id "
                    f"of together at most {MAX_IDS_LENGTH} characters, which need no search."
                )
            size = min(max(PAGE_BYTES * len(runs) // len(json.dumps(runs)), 1), MAX_PAGE_SIZE)

    def _version(
        self, key: DagKey, deadline: Deadline, *, reserve_seconds: float
    ) -> AirflowVersion:
        check_time(key.mwaa_env_name, deadline, CALL_SECONDS + reserve_seconds)
        version = self.environments.airflow_version(key.mwaa_env_name)
        if (version.major, version.minor) < (2, 4):
            raise CommandRejected(
                f"MWAA environment {key.mwaa_env_name} runs Airflow {version.text}, but InvokeRestApi "
                "requires 2.4.3 or later. Upgrade the environment, or use the transport cli."
            )
        return version

    def _call(
        self,
        key: DagKey,
        deadline: Deadline,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        reserve_seconds: float = REPORT_SECONDS,
    ) -> RestResponse:
        """POST the body, or GET if there is none, and return the response of the web server.

        Raises
        ------
        TriggerError
            If there is no response of the web server.
        """
        name = key.mwaa_env_name
        check_time(name, deadline, CALL_SECONDS + reserve_seconds)
        client = self.environments.client()
        try:
            if body is None:
                reply: Any = client.invoke_rest_api(Name=name, Path=path, Method="GET")
            else:
                reply = client.invoke_rest_api(Name=name, Path=path, Method="POST", Body=body)
        except ClientError as error:
            if error_code(error) not in ("RestApiClientException", "RestApiServerException"):
                self._raise_client_error(error, path, key)
            reply = error.response
        except (BotoCoreError, *_LOST) as error:
            if isinstance(error, _LOST) and not is_untrusted(error):
                raise self._no_response(name, type(error).__name__) from None
            raise_no_response(error, "InvokeRestApi", name)
        status = reply.get("RestApiStatusCode")
        if status is None:
            raise self._no_response(name, "no status")
        return RestResponse(status=status, body=reply.get("RestApiResponse"))

    def _raise_client_error(self, error: ClientError, path: str, key: DagKey) -> NoReturn:
        """Raise the error for a failed call of InvokeRestApi itself."""
        name, code = key.mwaa_env_name, error_code(error)
        if is_denied_or_throttled(error):
            advice = (
                "If the policy of the function's role allows airflow:InvokeRestApi, check that the Airflow "
                "role that it names exists in the environment: airflow_role of the target."
            )
            raise_client_error(error, "InvokeRestApi", name, advice=advice)
        if code == "ResourceNotFoundException":
            self.environments.raise_not_found(name, "InvokeRestApi")
        if code == "ValidationException":
            raise CommandRejected(
                f"InvokeRestApi for MWAA environment {name} rejected the path {path} of {len(path)} "
                f"characters, or the body ({code}). A path can have {MAX_PATH_LENGTH} characters. For "
                "longer ids, use the transport cli."
            ) from None
        raise self._no_response(name, code) from None

    def _explain(self, response: RestResponse, key: DagKey, *, hint: str = "") -> TriggerError:
        """Return the error for an unexpected response, with a hint if Airflow refused the call."""
        name, status = key.mwaa_env_name, response.status
        airflow = f"Airflow in MWAA environment {name}"
        if status == 404 and _mentions(key.mwaa_dag_name, response):
            return unknown_dag(key)
        if status in (401, 403):
            return AccessDenied(
                f"{airflow} denied access to the function (HTTP {status}). Check that the Airflow role, "
                f"airflow_role of the target, exists and may read and trigger DAG {key.mwaa_dag_name}."
            )
        if status in (429, 503):
            return MwaaBusy(
                f"The web server of MWAA environment {name} is busy (HTTP {status}).", Outcome.LOST
            )
        if status == 409:
            # On Airflow 2, also for another run of the DAG from the same microsecond.
            return OutcomeUnknown(
                f"{airflow} reports that the run of DAG {key.mwaa_dag_name} already exists (HTTP 409).",
                Outcome.REFUSED,
            )
        if 400 <= status < 500 and status != 408:
            problem = f"{airflow} refused the call (HTTP {status}). {hint}".rstrip()
            return CommandRejected(problem, Outcome.REFUSED)
        return self._no_response(name, f"HTTP {status}")

    def _no_response(self, name: str, reason: str) -> OutcomeUnknown:
        self.environments.forget(name)
        return OutcomeUnknown(
            f"The web server of MWAA environment {name} returned no usable response ({reason}). "
            "InvokeRestApi passes on responses of at most 6 MB that arrive within 10 s. It reaches a "
            "private web server only from the VPC of the web server."
        )


def trigger_body(version: AirflowVersion, trigger: Trigger) -> dict[str, Any]:
    """Return the body that creates the DAG run.

    Airflow 3 requires `logical_date`, which may be null. Airflow 2 does not accept null.
    """
    body = {"dag_run_id": trigger.key.dag_run_id, "conf": trigger.conf}
    return body if version.major == 2 else {**body, "logical_date": None}


def _dag_run(run: Mapping[str, Any], version: AirflowVersion) -> DagRun:
    return DagRun(
        state=str(run.get("state")),
        airflow_version=version.text,
        conf=run.get("conf") or {},
        start_date=run.get("start_date"),
        end_date=run.get("end_date"),
    )


def _mentions(an_id: str, response: RestResponse) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(an_id)}(?![\w.-])", str(response.body)) is not None
