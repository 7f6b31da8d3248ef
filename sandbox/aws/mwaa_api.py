"""Who may call MWAA's API: moto has no MWAA, so the gateway asks IAM here and lets the front answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from werkzeug.wrappers import Request, Response

from sandbox.aws.authorizer import AccessDenied
from sandbox.mwaa import http
from sandbox.mwaa.api import OPERATION, failure

AIRFLOW_ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's roles, of which a policy for InvokeRestApi names one in its resource."""


class Front(Protocol):
    """What answers the calls."""

    def answer(self, request: http.Request) -> http.Response:
        """Answer one call."""


@dataclass(frozen=True)
class Environment:
    """One MWAA environment of an account, and the front that knows it by this name."""

    name: str
    account: str
    front: Front


class MwaaApi:
    """Asks IAM about each call, then hands it to the environment's front."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self._fronts = {(item.account, item.name): item.front for item in environments}

    def answer(
        self,
        request: Request,
        *,
        region: str,
        account: str,
        authorize: Callable[[str, str], None],
    ) -> Response:
        """Serve one request of a caller of `account`; `authorize(action, resource)` may refuse it."""
        match = OPERATION.fullmatch(request.path)
        if not match:
            return _error(404, "UnknownOperationException", f"No such action: {request.path}")
        name = match["name"]
        prefix = f"arn:aws:airflow:{region}:{account}"
        match match["operation"]:
            case "environments":
                authorize("airflow:GetEnvironment", f"{prefix}:environment/{name}")
            case "clitoken":
                authorize("airflow:CreateCliToken", f"{prefix}:environment/{name}")
            case _:
                _authorize_one(
                    authorize,
                    "airflow:InvokeRestApi",
                    [f"{prefix}:role/{name}/{role}" for role in AIRFLOW_ROLES],
                )
        front = self._fronts.get((account, name))
        if front is None:
            message = f"No environment with name {name} found"
            return _error(404, "ResourceNotFoundException", message)
        answer = front.answer(http.Request(request.method, request.path, body=request.get_data()))
        return Response(
            answer.body, answer.status, dict(answer.headers), mimetype="application/json"
        )


def _authorize_one(
    authorize: Callable[[str, str], None], action: str, resources: list[str]
) -> None:
    """Let one of the resources do; raise the last refusal."""
    for resource in resources[:-1]:
        try:
            return authorize(action, resource)
        except AccessDenied:
            continue
    return authorize(action, resources[-1])


def _error(status: int, code: str, message: str) -> Response:
    answer = failure(HTTPStatus(status), code, message)
    return Response(answer.body, status, dict(answer.headers), mimetype="application/json")
