"""An AWS endpoint with prepared responses, for states of AWS that the local AWS cannot reach."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, TypeAlias
from urllib.parse import parse_qs

import boto3
import pytest
from mwaa_dags.accounts import Account
from mwaa_dags.arns import StateMachineArn
from mwaa_dags.system import Operator, System

from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.aws.lambda_runtime import serve

ARN = StateMachineArn.parse(f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:NAME")
SYSTEM = System(
    arn=ARN,
    status="ACTIVE",
    role_arn=f"arn:aws:iam::{SOURCE_ACCOUNT}:role/source",
    log_group_arn=None,
    target_role_arn=f"arn:aws:iam::{TARGET_ACCOUNT}:role/target",
    function_arn=f"arn:aws:lambda:{REGION}:{TARGET_ACCOUNT}:function:NAME:live",
    preliminary_functions=(),
    states={},
)
ALIAS = "GET /2015-03-31/functions/NAME/aliases/live"
"""The operation GetAlias of Lambda."""
INVOKE = f"POST /2015-03-31/functions/{SYSTEM.function_arn.replace(':', '%3A')}/invocations"
"""The operation Invoke of Lambda."""
Responses: TypeAlias = Mapping[str, Sequence[Mapping[str, object] | str]]
"""The responses of each operation. A word is the code of an error."""


def identity(account: str) -> str:
    """Return the response of GetCallerIdentity."""
    result = f"<GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult>"
    return f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"


class ScriptedAws:
    """Context manager: an endpoint that returns the responses of each operation in order, the last one repeatedly.

    Parameters
    ----------
    responses
        By operation. An operation of a REST API is a method and a path.
    """

    def __init__(self, responses: Responses) -> None:
        self.requests: list[tuple[str, str]] = []
        """The operation and the body of each request."""
        self._responses = {name: list(each) for name, each in responses.items()}
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
                operation = (
                    target or parse_qs(body).get("Action", [f"{self.command} {self.path}"])[0]
                )
                status, content = aws.respond(operation, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST  # noqa: N815 (the name in http.server)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serve(self._server)
        self._patch.setenv("AWS_ENDPOINT_URL", f"http://localhost:{self._server.server_port}")
        self._patch.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        self._server.shutdown()
        self._server.server_close()

    def respond(self, operation: str, body: str) -> tuple[int, bytes]:
        """Record a request, and return the status and the body of its response."""
        self.requests.append((operation, body))
        responses = self._responses[operation]
        response = responses.pop(0) if len(responses) > 1 else responses[0]
        if not isinstance(response, str):
            return 200, json.dumps(response).encode()
        if response.startswith("<"):
            return 200, response.encode()
        return 400, json.dumps({"__type": response}).encode()

    def operator(self) -> Operator:
        """Return an operator with credentials for both accounts."""
        session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret")
        source, target = (Account(side, session, REGION) for side in ("source", "target"))
        return Operator(source, target, SYSTEM)
