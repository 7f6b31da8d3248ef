"""MWAA's API as a web server of one's own would see it: GetEnvironment, CreateCliToken, InvokeRestApi.

Shapes and limits are those of botocore's service model of `mwaa`; who may call is not looked at here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import requests

from sandbox.mwaa.http import Request, Response

MAX_PATH = 64
"""Characters of the `Path` of InvokeRestApi."""

MAX_REST_ANSWER = 6 * 1024 * 1024
"""Bytes of an answer of InvokeRestApi (Amazon MWAA User Guide, "Using the Apache Airflow REST API")."""

REST_SECONDS = 10.0
"""Seconds that InvokeRestApi waits for the web server (same page)."""

OPERATION = re.compile(r"/(?P<operation>environments|clitoken|restapi)/(?P<name>[^/]+)")


class RestEnvironment(Protocol):
    """An Airflow, as far as the API needs it."""

    @property
    def version(self) -> str:
        """The version of Airflow."""

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        """Send one request to Airflow's own REST API; `path` begins after `/api/vN`."""


class MwaaApi:
    """The API of the environments behind one front.

    Parameters
    ----------
    environments
        Airflows by the name of their MWAA environment.
    create_cli_token
        Makes a token for an environment.
    hostname
        Gives host and port of the web server.
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

    def answer(self, request: Request) -> Response:
        """Answer one call."""
        match = OPERATION.fullmatch(request.path)
        if not match:
            return failure(HTTPStatus.NOT_FOUND, "UnknownOperationException", request.path)
        name = match["name"]
        if name not in self._environments:
            message = f"No environment with name {name} found"
            return failure(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", message)
        match match["operation"]:
            case "environments":
                environment = {
                    "Name": name,
                    "Status": "AVAILABLE",
                    "AirflowVersion": self._environments[name].version,
                    "WebserverUrl": self._hostname(),
                }
                return success({"Environment": environment})
            case "clitoken":
                token = self._create_cli_token(name)
                return success({"CliToken": token, "WebServerHostname": self._hostname()})
            case _:
                return self._invoke_rest_api(self._environments[name], json.loads(request.body))

    def _invoke_rest_api(self, environment: RestEnvironment, call: Mapping[str, Any]) -> Response:
        path = call["Path"]
        if len(path) > MAX_PATH:
            message = f"Value at 'path' has {len(path)} characters, more than {MAX_PATH}"
            return failure(HTTPStatus.BAD_REQUEST, "ValidationException", message)
        try:
            answer = environment.rest(
                call["Method"],
                path,
                params=call.get("QueryParameters"),
                body=call.get("Body"),
                timeout=REST_SECONDS,
            )
        except requests.Timeout:
            return rest_failure(HTTPStatus.GATEWAY_TIMEOUT, {"detail": "time limit"})
        if len(answer.content) > MAX_REST_ANSWER:
            message = f"An answer of over {MAX_REST_ANSWER} bytes"
            return failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerException", message)
        body = answer.json() if answer.content else None
        if answer.ok:
            return success({"RestApiStatusCode": answer.status_code, "RestApiResponse": body})
        return rest_failure(answer.status_code, body)


def success(body: Mapping[str, Any]) -> Response:
    """Return an answer of the API."""
    return Response(HTTPStatus.OK, json.dumps(body).encode())


def failure(status: HTTPStatus, error: str, message: str) -> Response:
    """Return an error of the API."""
    body = json.dumps({"message": message}).encode()
    return Response(status, body, {"x-amzn-errortype": error})


def rest_failure(status: int, body: Any) -> Response:
    """Return an error of the web server, as InvokeRestApi hands it on."""
    error = "RestApiServerException" if status >= 500 else "RestApiClientException"
    content = json.dumps({"RestApiStatusCode": status, "RestApiResponse": body}).encode()
    return Response(HTTPStatus.BAD_REQUEST, content, {"x-amzn-errortype": error})
