"""The actions of MWAA's API that use existing environments.

Requests and responses have the shapes of botocore's service model `mwaa`. The gateway validates and authorizes
requests.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import requests

from sandbox.mwaa.http import Request, Response

MAX_REST_RESPONSE_BYTES = 6 * 1024 * 1024
"""Limit of a response of InvokeRestApi (Amazon MWAA User Guide, "Using the Apache Airflow REST API")."""

REST_SECONDS = 10.0
"""Time limit of InvokeRestApi for the web server (same page)."""

MAX_RESULTS = 25
"""Default and maximum number of names in a response of ListEnvironments."""

OPERATION = re.compile(r"/(?P<operation>environments|clitoken|webtoken|restapi)/(?P<name>[^/]+)")

_ACTIONS = {
    ("GET", "environments"): "GetEnvironment",
    ("POST", "clitoken"): "CreateCliToken",
    ("POST", "webtoken"): "CreateWebLoginToken",
    ("POST", "restapi"): "InvokeRestApi",
}


@dataclass(frozen=True)
class ApiCall:
    """An action of the API with its environment, which is empty for ListEnvironments."""

    action: str
    environment_name: str = ""


def parse_call(request: Request) -> ApiCall | None:
    """Return the action of a request, or None if this API does not implement it."""
    if (request.method, urlsplit(request.path).path) == ("GET", "/environments"):
        return ApiCall("ListEnvironments")
    match = OPERATION.fullmatch(request.path)
    action = _ACTIONS.get((request.method, match["operation"])) if match else None
    return ApiCall(action, match["name"]) if match and action else None


class RestEnvironment(Protocol):
    """The part of an Airflow that the API uses."""

    @property
    def version(self) -> str:
        """Version of Airflow."""

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        """Send a request to Airflow's own REST API. `path` starts after `/api/vN`."""


class MwaaApi:
    """The API of one account's environments.

    Parameters
    ----------
    environments
        Airflows by the name of their MWAA environment.
    create_cli_token
        Creates a token for an environment.
    hostname
        Returns the host and port of the web server.
    """

    def __init__(
        self,
        environments: Mapping[str, RestEnvironment],
        *,
        create_cli_token: Callable[[str], str],
        hostname: Callable[[], str],
    ) -> None:
        self._environments = environments
        self._create_cli_token = create_cli_token
        self._hostname = hostname
        self._created = time.time()

    def respond(self, request: Request) -> Response:
        """Return the response to one call."""
        call = parse_call(request)
        if call is None:
            message = f"No such action: {request.method} {request.path}"
            return failure(HTTPStatus.NOT_FOUND, "UnknownOperationException", message)
        if call.action == "ListEnvironments":
            return self._list_environments(parse_qs(urlsplit(request.path).query))
        if call.environment_name not in self._environments:
            message = f"No environment with name {call.environment_name} found"
            return failure(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", message)
        return self._use_environment(call.action, call.environment_name, request)

    def _use_environment(self, action: str, name: str, request: Request) -> Response:
        match action:
            case "GetEnvironment":
                return success({"Environment": self._describe(name, request)})
            case "CreateCliToken":
                token = self._create_cli_token(name)
                return success({"CliToken": token, "WebServerHostname": self._hostname()})
            case "CreateWebLoginToken":
                return success(self._create_web_login_token(request))
            case _:
                return self._invoke_rest_api(self._environments[name], json.loads(request.body))

    def _describe(self, name: str, request: Request) -> Mapping[str, Any]:
        """Return the result of GetEnvironment, without fields such as subnets that do not exist in the sandbox."""
        account = request.caller.split(":")[4]
        return {
            "Name": name,
            "Arn": f"arn:aws:airflow:{request.region}:{account}:environment/{name}",
            "Status": "AVAILABLE",
            "CreatedAt": self._created,
            "AirflowVersion": self._environments[name].version,
            "EnvironmentClass": "mw1.small",
            # This role does not exist, because Airflow's tasks do not call AWS here.
            "ExecutionRoleArn": f"arn:aws:iam::{account}:role/{name}-execution",
            "WebserverAccessMode": "PUBLIC_ONLY",
            "WebserverUrl": self._hostname(),
        }

    def _list_environments(self, query: Mapping[str, list[str]]) -> Response:
        """Return a page of names. The token is the number of names on the previous pages."""
        size = query.get("MaxResults", [str(MAX_RESULTS)])[0]
        start = query.get("NextToken", ["0"])[0]
        if not start.isdecimal():
            message = "NextToken must be the token of an earlier response"
            return failure(HTTPStatus.BAD_REQUEST, "ValidationException", message)
        names = sorted(self._environments)
        end = int(start) + int(size)
        following = {"NextToken": str(end)} if end < len(names) else {}
        return success({"Environments": names[int(start) : end], **following})

    def _create_web_login_token(self, request: Request) -> Mapping[str, str]:
        """Return a token for the caller. The sandbox does not accept it, because its Airflow has its own login."""
        identity = request.caller.split(":")[5]
        return {
            "WebToken": secrets.token_urlsafe(48),
            "WebServerHostname": self._hostname(),
            "IamIdentity": identity,
            # MWAA's user for `assumed-role/ROLE/SESSION` is `assumed-role/ROLE`.
            "AirflowIdentity": "/".join(identity.split("/")[:2]),
        }

    def _invoke_rest_api(self, environment: RestEnvironment, call: Mapping[str, Any]) -> Response:
        try:
            response = environment.rest(
                call["Method"],
                call["Path"],
                params=call.get("QueryParameters"),
                body=call.get("Body"),
                timeout=REST_SECONDS,
            )
        except requests.Timeout:
            return rest_failure(HTTPStatus.GATEWAY_TIMEOUT, {"detail": "time limit"})
        if len(response.content) > MAX_REST_RESPONSE_BYTES:
            message = f"A response of over {MAX_REST_RESPONSE_BYTES} bytes"
            return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerException", message)
        body = response.json() if response.content else None
        if response.ok:
            return success({"RestApiStatusCode": response.status_code, "RestApiResponse": body})
        return rest_failure(response.status_code, body)


def success(body: Mapping[str, Any]) -> Response:
    """Return a successful response of the API."""
    return Response(HTTPStatus.OK, json.dumps(body).encode())


def failure(status: HTTPStatus, error: str, message: str) -> Response:
    """Return an error response of the API."""
    body = json.dumps({"message": message}).encode()
    return Response(status, body, {"x-amzn-errortype": error})


def rest_failure(status: int, body: Any) -> Response:
    """Return an error of the web server in the form of InvokeRestApi."""
    error = "RestApiServerException" if status >= 500 else "RestApiClientException"
    content = json.dumps({"RestApiStatusCode": status, "RestApiResponse": body}).encode()
    return Response(HTTPStatus.BAD_REQUEST, content, {"x-amzn-errortype": error})
