"""MWAA's own API: GetEnvironment and CreateCliToken. moto has no MWAA."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from werkzeug.wrappers import Request, Response

_ENVIRONMENT = re.compile(r"/environments/(?P<name>[^/]+)")
_CLI_TOKEN = re.compile(r"/clitoken/(?P<name>[^/]+)")


class Front(Protocol):
    """The web server of environments, as far as the API knows it."""

    @property
    def hostname(self) -> str:
        """Host and port."""

    def create_cli_token(self, environment_name: str) -> str:
        """Return a new token for the CLI endpoint."""


@dataclass
class Environment:
    """One MWAA environment: where it lives, and what GetEnvironment says of it."""

    name: str
    account: str
    airflow_version: str
    front: Front
    status: str = "AVAILABLE"


class MwaaApi:
    """Answers for the environments of all accounts."""

    def __init__(self, environments: Iterable[Environment]) -> None:
        self._environments = {(item.account, item.name): item for item in environments}

    def answer(
        self,
        request: Request,
        *,
        region: str,
        account: str,
        authorize: Callable[[str, str], None],
    ) -> Response:
        """Serve one request of a caller of `account`; `authorize(action, resource)` may refuse it."""
        get = request.method == "GET" and _ENVIRONMENT.fullmatch(request.path)
        token = request.method == "POST" and _CLI_TOKEN.fullmatch(request.path)
        match = get or token
        if not match:
            return _error(404, "UnknownOperationException", f"No such action: {request.path}")
        name = match["name"]
        arn = f"arn:aws:airflow:{region}:{account}:environment/{name}"
        authorize("airflow:GetEnvironment" if get else "airflow:CreateCliToken", arn)
        environment = self._environments.get((account, name))
        if environment is None:
            return _error(
                404, "ResourceNotFoundException", f"No environment with name {name} found"
            )
        host = environment.front.hostname
        if get:
            body: dict[str, object] = {
                "Environment": {
                    "Name": name,
                    "Arn": arn,
                    "Status": environment.status,
                    "AirflowVersion": environment.airflow_version,
                    "WebserverUrl": host,
                }
            }
        else:
            body = {
                "CliToken": environment.front.create_cli_token(name),
                "WebServerHostname": host,
            }
        return Response(json.dumps(body), mimetype="application/json")


def _error(status: int, code: str, message: str) -> Response:
    return Response(
        json.dumps({"message": message}),
        status,
        headers={"x-amzn-errortype": code},
        mimetype="application/json",
    )
