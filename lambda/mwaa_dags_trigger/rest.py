"""The transport over MWAA's InvokeRestApi."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import (
    CONNECT_S,
    READ_S,
    UNREADABLE,
    AirflowVersion,
    Environments,
    error_code,
    is_turned_away,
    raise_for,
    raise_unusable,
)
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaBusy,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import RunKey, Trigger
from mwaa_dags_trigger.transport import (
    OWN_WORDS,
    DagRun,
    Lost,
    Refused,
    Unsettled,
    no_time,
    sent,
    unknown_dag,
)

CALL_S = CONNECT_S + READ_S
"""Seconds for one call below which it is not sent."""
REPORT_S = 5.0
"""Seconds kept back from a look, to report what it found."""
MAX_PATH = 64
"""Characters of a path (AWS: "Amazon MWAA API Reference, InvokeRestApi")."""
MAX_IDS = MAX_PATH - len("/dags//dagRuns/")
"""Characters of DAG id and run id together that fit into a path."""
FIRST_PAGE, MAX_PAGE = 20, 500
"""Runs of a page; the first has room for 20 confs of the size that a request may have."""
PAGE_BYTES = 3_000_000
"""What the later pages are made for, at the mean size of the runs before."""

# Whether the call was sent is not known. Any other error of botocore came before.
_LOST = (HTTPClientError, SSLError, RecursionError, *UNREADABLE)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What Airflow's web server answered."""

    status: int
    body: Any = field(repr=False)


class RestTransport:
    """Airflow's REST API, through the MWAA API.

    Parameters
    ----------
    environments
        Where versions and the client come from.
    """

    name = "rest"
    trigger_seconds = 2 * CALL_S + REPORT_S
    look_seconds = CALL_S + REPORT_S

    def __init__(self, environments: Environments) -> None:
        self.environments = environments

    def trigger(self, trigger: Trigger, deadline: Deadline) -> DagRun:
        """Post a DAG run once; see `Transport.trigger`."""
        run, path = trigger.run, f"/dags/{trigger.run.mwaa_dag_name}/dagRuns"
        # What is kept is for one call more: the look.
        call = partial(self._call, run, deadline, path, keep=self.look_seconds)
        version = self._version(run, deadline, keep=self.look_seconds)
        reply = call(new_run(version, trigger))
        if reply.status in (400, 422):
            # The environment may have been upgraded since its version was asked for.
            self.environments.forget(run.mwaa_env_name)
            newer = self._version(run, deadline, keep=self.look_seconds)
            if newer.major != version.major:
                version = newer
                reply = call(new_run(version, trigger))
        with sent(run.mwaa_env_name):
            if reply.status >= 300 or not _is_run(reply.body, run):
                raise self._refusal(reply, run)
            return _dag_run(reply.body, version)

    def find(self, run: RunKey, deadline: Deadline) -> DagRun | None:
        """Get the run by its id, or search for it where its path would be too long."""
        version = self._version(run, deadline, keep=REPORT_S)
        dag = f"/dags/{run.mwaa_dag_name}"
        path = f"{dag}/dagRuns/{run.dag_run_id}"
        search = len(path) > MAX_PATH
        found = self._search(run, deadline) if search else self._get(run, deadline, path)
        if found is not None:
            return _dag_run(found, version)
        reply = self._call(run, deadline, dag)
        if reply.status != 200:
            raise self._refusal(reply, run)
        return None

    def failed_tasks(self, run: RunKey, deadline: Deadline) -> list[str]:
        """Search for them, because the path of a run's tasks would be too long for most ids."""
        ids = {"dag_ids": [run.mwaa_dag_name], "dag_run_ids": [run.dag_run_id]}
        path = "/dags/~/dagRuns/~/taskInstances/list"
        reply = self._call(run, deadline, path, {**ids, "state": ["failed"]})
        if reply.status != 200:
            raise self._refusal(reply, run)
        return [task["task_id"] for task in reply.body["task_instances"]]

    def is_paused(self, run: RunKey, deadline: Deadline) -> bool:
        """Ask with the DAG; see `Transport.is_paused`."""
        reply = self._call(run, deadline, f"/dags/{run.mwaa_dag_name}")
        if reply.status != 200:
            raise self._refusal(reply, run)
        return reply.body["is_paused"] is True

    def _get(self, run: RunKey, deadline: Deadline, path: str) -> Any:
        """Return the run of this path, or None."""
        reply = self._call(run, deadline, path)
        if reply.status == 404 and _names(run.dag_run_id, reply):
            return None
        if reply.status != 200 or not _is_run(reply.body, run):
            raise self._refusal(reply, run)
        return reply.body

    def _search(self, run: RunKey, deadline: Deadline) -> Any:
        """Go through the DAG's runs from the newest on; give the run, or None.

        Airflow 2 and 3.0 have no filter for run ids.
        """
        seen, size = 0, FIRST_PAGE
        while True:
            page = {"order_by": "-id", "page_offset": seen, "page_limit": size}
            body = {"dag_ids": [run.mwaa_dag_name], **page}
            reply = self._call(run, deadline, "/dags/~/dagRuns/list", body)
            if reply.status != 200 or not _is_page(reply.body):
                raise self._refusal(reply, run)
            runs, total = reply.body["dag_runs"], reply.body["total_entries"]
            for shown in runs:
                if _is_run(shown, run):
                    return shown
            seen += len(runs)
            if not runs or seen >= total:
                return None
            if deadline.time_left() < CALL_S + REPORT_S:
                raise CommandRejected(
                    f"The function's time sufficed for {seen} of the {total} runs of DAG "
                    f"{run.mwaa_dag_name} in MWAA environment {run.mwaa_env_name}, from "
                    "the newest on. Raise the function's timeout, delete old runs, or use ids of "
                    f"at most {MAX_IDS} characters together, which need no search."
                )
            size = min(max(PAGE_BYTES * len(runs) // len(json.dumps(runs)), 1), MAX_PAGE)

    def _version(self, run: RunKey, deadline: Deadline, *, keep: float) -> AirflowVersion:
        if deadline.time_left() - keep < CALL_S:
            raise no_time(run.mwaa_env_name)
        version = self.environments.airflow_version(run.mwaa_env_name)
        if (version.major, version.minor) < (2, 4):
            raise CommandRejected(
                f"MWAA environment {run.mwaa_env_name} runs Airflow {version.text}; "
                "InvokeRestApi needs 2.4.3. Upgrade it, or use the transport cli."
            )
        return version

    def _call(
        self,
        run: RunKey,
        deadline: Deadline,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        keep: float = REPORT_S,
    ) -> Reply:
        """POST the body, or GET without one; return what the web server answered.

        Raises
        ------
        Lost
            If there is no answer of the web server.
        TriggerError
            If the call certainly did nothing.
        """
        name = run.mwaa_env_name
        if deadline.time_left() - keep < CALL_S:
            raise no_time(name)
        client = self.environments.client()
        try:
            if body is None:
                answer: Any = client.invoke_rest_api(Name=name, Path=path, Method="GET")
            else:
                answer = client.invoke_rest_api(Name=name, Path=path, Method="POST", Body=body)
        except ClientError as error:
            if error_code(error) not in ("RestApiClientException", "RestApiServerException"):
                self._raise_for(error, path, run)
            answer = error.response
        except _LOST as error:
            raise self._lost(name, f"gave no usable answer ({type(error).__name__})") from None
        except BotoCoreError as error:
            raise_unusable(error, "InvokeRestApi", name)
        status = answer.get("RestApiStatusCode")
        if status is None:
            raise self._lost(name, "gave no usable answer")
        return Reply(status=status, body=answer.get("RestApiResponse"))

    def _raise_for(self, error: ClientError, path: str, run: RunKey) -> NoReturn:
        """Raise for an error of AWS's own."""
        name, code = run.mwaa_env_name, error_code(error)
        if is_turned_away(error):
            # Here Airflow's own roles apply (AWS: "Using the Apache Airflow REST API").
            role = f"role/{name}/<Airflow role>"
            raise_for(error, "InvokeRestApi", name, resource=role)
        if code == "ResourceNotFoundException":
            self.environments.raise_not_found(name, "InvokeRestApi")
        if code == "ValidationException":
            raise CommandRejected(
                f"InvokeRestApi for MWAA environment {name} refused the path {path} of {len(path)} "
                f"characters, or its body ({code}). It takes paths of {MAX_PATH}; for longer ids "
                "use the transport cli."
            ) from None
        raise self._lost(name, f"gave no usable answer ({code})") from None

    def _refusal(self, reply: Reply, run: RunKey) -> Unsettled | TriggerError:
        """Return why the reply is not the one that was hoped for."""
        name, status = run.mwaa_env_name, reply.status
        airflow = f"Airflow in MWAA environment {name}"
        if status == 404 and _names(run.mwaa_dag_name, reply):
            return unknown_dag(run)
        if status in (401, 403):
            return AccessDenied(
                f"{airflow} refused the function (HTTP {status}). Allow DAG {run.mwaa_dag_name} to "
                "the Airflow role that the function's role names."
            )
        if status in (429, 503):
            return Lost(
                MwaaBusy(f"The web server of MWAA environment {name} is busy (HTTP {status}).")
            )
        if status == 409:
            # Also where, on Airflow 2, another run of the DAG was made in the same microsecond.
            return Refused(
                OutcomeUnknown(
                    f"{airflow} says that DAG {run.mwaa_dag_name} has the run already (HTTP 409)."
                )
            )
        if 400 <= status < 500 and status != 408:
            problem = f"{airflow} refused the call (HTTP {status})."
            return Refused(CommandRejected(f"{problem} {OWN_WORDS}"))
        return self._lost(name, f"gave no usable answer (HTTP {status})")

    def _lost(self, name: str, what: str) -> Lost:
        self.environments.forget(name)
        return Lost(
            OutcomeUnknown(
                f"The web server of MWAA environment {name} {what}. InvokeRestApi passes on "
                "answers of at most 6 MB that come within 10 s, and a private web server's only "
                "inside of its VPC."
            )
        )


def new_run(version: AirflowVersion, trigger: Trigger) -> dict[str, Any]:
    """Return the body that asks for the run.

    Airflow 3 needs `logical_date`, which may be null; Airflow 2 takes no null.
    """
    body = {"dag_run_id": trigger.run.dag_run_id, "conf": trigger.conf}
    return body if version.major == 2 else {**body, "logical_date": None}


def _is_run(body: Any, run: RunKey) -> bool:
    ids = (run.mwaa_dag_name, run.dag_run_id)
    return isinstance(body, dict) and (body.get("dag_id"), body.get("dag_run_id")) == ids


def _is_page(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and isinstance(body.get("dag_runs"), list)
        and isinstance(body.get("total_entries"), int)
    )


def _dag_run(run: Mapping[str, Any], version: AirflowVersion) -> DagRun:
    return DagRun(
        state=str(run.get("state")),
        airflow_version=version.text,
        conf=run.get("conf") or {},
        start_date=run.get("start_date"),
        end_date=run.get("end_date"),
    )


def _names(an_id: str, reply: Reply) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(an_id)}(?![\w.-])", str(reply.body)) is not None
