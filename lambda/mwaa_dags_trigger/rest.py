"""The way to Airflow over MWAA's InvokeRestApi."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSLError

from mwaa_dags_trigger.answer import blot_out
from mwaa_dags_trigger.deadline import REPORT_S, Deadline
from mwaa_dags_trigger.environment import (
    CONNECT_S,
    READ_S,
    UNREADABLE,
    AirflowVersion,
    Environments,
    error_code,
    is_turned_away,
    raise_for,
    raise_unreachable,
)
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import DagRun, Unclear, no_time, unknown_dag

CALL_S = CONNECT_S + READ_S
"""Seconds for one call below which it is not sent."""
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

    def __init__(self, environments: Environments) -> None:
        self._environments = environments

    def trigger(self, request: Request, deadline: Deadline) -> DagRun:
        """Post a DAG run once; see `Transport.trigger`."""
        version = self._version(request)
        path = f"/dags/{request.mwaa_dag_name}/dagRuns"
        # What is kept is for one call more: the look.
        keep = CALL_S + REPORT_S
        reply = self._call(request, deadline, path, new_run(version, request), keep=keep)
        if reply.status in (400, 422):
            # The environment may have been upgraded since its version was asked for.
            self._environments.forget(request.mwaa_env_name)
            newer = self._version(request)
            if newer.major != version.major:
                version = newer
                reply = self._call(request, deadline, path, new_run(version, request), keep=keep)
        if reply.status >= 300 or not _is_run(reply.body, request):
            raise self._refusal(reply, request)
        return _dag_run(reply.body, version)

    def find(self, request: Request, deadline: Deadline, *, with_conf: bool) -> DagRun | None:
        """Get the run by its id, or search for it where its path would be too long.

        The conf comes with it in any case.
        """
        del with_conf
        version = self._version(request)
        dag = f"/dags/{request.mwaa_dag_name}"
        path = f"{dag}/dagRuns/{request.dag_run_id}"
        search = len(path) > MAX_PATH
        run = self._search(request, deadline) if search else self._get(request, deadline, path)
        if run is not None:
            return _dag_run(run, version)
        reply = self._call(request, deadline, dag)
        if reply.status != 200:
            raise self._refusal(reply, request)
        return None

    def _get(self, request: Request, deadline: Deadline, path: str) -> Any:
        """Give the run of this path, or None."""
        reply = self._call(request, deadline, path)
        if reply.status == 404 and _names(request.dag_run_id, _said(reply.body)):
            return None
        if reply.status != 200 or not _is_run(reply.body, request):
            raise self._refusal(reply, request)
        return reply.body

    def _search(self, request: Request, deadline: Deadline) -> Any:
        """Go through the DAG's runs from the newest on; give the run, or None.

        Airflow 2 and 3.0 have no filter for run ids.
        """
        seen, size = 0, FIRST_PAGE
        while True:
            page = {"order_by": "-id", "page_offset": seen, "page_limit": size}
            body = {"dag_ids": [request.mwaa_dag_name], **page}
            reply = self._call(request, deadline, "/dags/~/dagRuns/list", body)
            if reply.status != 200 or not _is_page(reply.body):
                raise self._refusal(reply, request)
            runs, total = reply.body["dag_runs"], reply.body["total_entries"]
            for run in runs:
                if _is_run(run, request):
                    return run
            seen += len(runs)
            if not runs or seen >= total:
                return None
            if deadline.time_left() < CALL_S + REPORT_S:
                raise CommandRejected(
                    f"The function's time sufficed for {seen} of the {total} runs of DAG "
                    f"{request.mwaa_dag_name} in MWAA environment {request.mwaa_env_name}, from "
                    "the newest on. Raise the function's timeout, delete old runs, or use ids of "
                    f"at most {MAX_IDS} characters together, which need no search."
                )
            size = min(max(PAGE_BYTES * len(runs) // len(json.dumps(runs)), 1), MAX_PAGE)

    def _version(self, request: Request) -> AirflowVersion:
        version = self._environments.airflow_version(request.mwaa_env_name)
        if (version.major, version.minor) < (2, 4):
            raise CommandRejected(
                f"MWAA environment {request.mwaa_env_name} runs Airflow {version.text}; "
                "InvokeRestApi needs 2.4.3. Upgrade it, or use the transport cli."
            )
        return version

    def _call(
        self,
        request: Request,
        deadline: Deadline,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        keep: float = REPORT_S,
    ) -> Reply:
        """POST the body, or GET without one; give what the web server answered.

        Raises
        ------
        Unclear
            If there is no answer of the web server.
        TriggerError
            If the call certainly did nothing.
        """
        name = request.mwaa_env_name
        if deadline.time_left() - keep < CALL_S:
            raise no_time(request)
        client = self._environments.client()
        try:
            if body is None:
                answer: Any = client.invoke_rest_api(Name=name, Path=path, Method="GET")
            else:
                answer = client.invoke_rest_api(Name=name, Path=path, Method="POST", Body=body)
        except ClientError as error:
            if error_code(error) not in ("RestApiClientException", "RestApiServerException"):
                self._raise_for(error, path, request)
            answer = error.response
        except _LOST as error:
            raise self._unclear(name, f"gave no usable answer ({type(error).__name__})") from None
        except BotoCoreError as error:
            raise_unreachable(error, "InvokeRestApi", name)
        status = answer.get("RestApiStatusCode")
        if status is None:
            raise self._unclear(name, "gave no usable answer")
        return Reply(status=status, body=answer.get("RestApiResponse"))

    def _raise_for(self, error: ClientError, path: str, request: Request) -> NoReturn:
        """Raise for an error of AWS's own."""
        name, code = request.mwaa_env_name, error_code(error)
        if is_turned_away(error):
            # Here Airflow's own roles apply (AWS: "Using the Apache Airflow REST API").
            role = f"role/{name}/<Airflow role>"
            raise_for(error, "InvokeRestApi", name, resource=role)
        if code == "ResourceNotFoundException":
            self._environments.raise_not_found(name, "InvokeRestApi")
        if code == "ValidationException":
            said = blot_out(f"{code}: {error.response['Error'].get('Message')}", request.conf)
            raise CommandRejected(
                f"InvokeRestApi for MWAA environment {name} refused the path {path} of {len(path)} "
                f"characters, or its body ({said}). It takes paths of {MAX_PATH}; for longer ids "
                "use the transport cli."
            ) from None
        raise self._unclear(name, f"gave no usable answer ({code})") from None

    def _refusal(self, reply: Reply, request: Request) -> Unclear | TriggerError:
        """Say why the reply is not the one that was hoped for."""
        name, status, said = request.mwaa_env_name, reply.status, _said(reply.body)
        if status == 404 and _names(request.mwaa_dag_name, said):
            return unknown_dag(request)
        # After the colon, because `blot_out` lets the name before it stand.
        shown = f"HTTP {status}, {blot_out(f'message: {said}', request.conf)}"
        if status in (401, 403):
            return AccessDenied(
                f"Airflow in MWAA environment {name} refused the function ({shown}). Allow DAG "
                f"{request.mwaa_dag_name} to the Airflow role that the function's role names."
            )
        error: TriggerError
        if status == 409 and "logical date" in said:
            # Airflow 2: another run of the DAG was made in the same microsecond.
            error = MwaaUnavailable(
                f"Another run of DAG {request.mwaa_dag_name} in MWAA environment {name} has taken "
                "the date. This try started nothing. Try again."
            )
        elif status == 409:
            error = OutcomeUnknown(
                f"Airflow in MWAA environment {name} says that DAG {request.mwaa_dag_name} has the "
                f"run already ({shown})."
            )
        elif status == 429:
            error = MwaaUnavailable(
                f"The web server of MWAA environment {name} is busy ({shown}). This try started "
                "nothing. Try again."
            )
        elif 400 <= status < 500 and status != 408:
            error = CommandRejected(
                f"Airflow in MWAA environment {name} refused the call ({shown})."
            )
        else:
            return self._unclear(name, f"gave no usable answer ({shown})")
        return Unclear(error)

    def _unclear(self, name: str, what: str) -> Unclear:
        self._environments.forget(name)
        return Unclear(
            OutcomeUnknown(
                f"The web server of MWAA environment {name} {what}. InvokeRestApi passes on "
                "answers of at most 6 MB that come within 10 s, and a private web server's only "
                "inside of its VPC."
            )
        )


def new_run(version: AirflowVersion, request: Request) -> dict[str, Any]:
    """Give the body that asks for the run.

    Airflow 3 needs `logical_date`, which may be null; Airflow 2 takes no null.
    """
    body = {"dag_run_id": request.dag_run_id, "conf": request.conf}
    return body if version.major == 2 else {**body, "logical_date": None}


def _is_run(body: Any, request: Request) -> bool:
    ids = (request.mwaa_dag_name, request.dag_run_id)
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


def _names(an_id: str, said: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(an_id)}(?![\w.-])", said) is not None


def _said(body: Any) -> str:
    """Give the web server's own message.

    Airflow 2 answers `title` and `detail`. Airflow 3 answers `detail`: a text; for a body that it
    refuses a list, whose items hold the refused `input` too; for a database error an object.
    """
    detail = body.get("detail") if isinstance(body, dict) else body
    if isinstance(detail, list):
        items = [item for item in detail if isinstance(item, dict)]
        return "; ".join(f"{item.get('loc')}: {item.get('msg')}" for item in items)
    if isinstance(detail, dict):
        return str(detail.get("reason"))
    return str(detail or (isinstance(body, dict) and body.get("title")) or "none")
