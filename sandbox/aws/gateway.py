"""The one door of the local AWS: it checks IAM, answers what moto lacks, and passes on the rest."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from sandbox.aws import step_functions
from sandbox.aws.authorizer import AccessDenied, Authorizer
from sandbox.aws.functions import FunctionNotFound, Functions
from sandbox.aws.mwaa_permissions import resources
from sandbox.aws.service_permissions import permissions
from sandbox.mwaa import http
from sandbox.mwaa.api import MwaaApi, api_call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SIGNATURE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_INVOKE = re.compile(r"/2015-03-31/functions/(?P<function>[^/]+)/invocations")


# What an account without MWAA answers: it never comes to a token or a host name.
_NO_MWAA = MwaaApi({}, create_cli_token=str, hostname=str)


class Front(Protocol):
    """MWAA's API of an account."""

    def answer(self, request: http.Request) -> http.Response:
        """Answer one call."""


@dataclass(frozen=True)
class Call:
    """A signed request: by which key, to which service and Region, and what."""

    access_key: str
    region: str
    service: str
    request: Request


class Gateway:
    """Routes a request by the service of its signature; `mwaa` are the fronts by account id."""

    def __init__(
        self,
        *,
        authorizer: Authorizer,
        functions: Functions,
        mwaa: Mapping[str, Front],
        moto: WSGIApplication,
    ) -> None:
        self._authorizer = authorizer
        self._functions = functions
        self._mwaa = mwaa
        self._moto = moto
        self._services: Mapping[str, Callable[[Call], Response | None]] = {
            "airflow": self._airflow,
            "iam": _only_checked,
            "lambda": self._lambda,
            "logs": _only_checked,
            "s3": _only_checked,
            "states": self._states,
            "sts": self._sts,
        }

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer, or let moto answer."""
        signature = _SIGNATURE.search(environ.get("HTTP_AUTHORIZATION", ""))
        serve = self._services.get(signature["service"]) if signature else None
        if signature and serve:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length)
            api, _, action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
            complete = step_functions.COMPLETED.get(action) if api == "AWSStepFunctions" else None
            if complete:
                body = json.dumps(complete(json.loads(body))).encode()
                environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
            call = Call(
                signature["key"], signature["region"], signature["service"], Request(environ)
            )
            try:
                self._authorize(call)
                response = serve(call)
            except AccessDenied as denied:
                response = _denied(call.service, str(denied))
            if response is not None:
                response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
                return response(environ, start)
            environ["wsgi.input"] = io.BytesIO(body)
        return self._moto(environ, start)

    def _authorize(self, call: Call) -> None:
        caller = self._authorizer.caller(call.access_key)
        asked = permissions(call.service, call.request, region=call.region, account=caller.account)
        for action, resource in asked:
            self._authorizer.authorize(caller, action=action, resources=[resource])

    def _sts(self, call: Call) -> None:
        form = parse_qs(call.request.get_data().decode())
        if form.get("Action") == ["AssumeRole"]:
            self._authorizer.authorize_assume_role(
                self._authorizer.caller(call.access_key),
                role_arn=form["RoleArn"][0],
                external_id=form.get("ExternalId", [None])[0],
            )

    def _states(self, call: Call) -> Response | None:
        action = call.request.headers.get("X-Amz-Target", "").partition(".")[2]
        if action not in step_functions.ACTIONS:
            return None
        try:
            answer = step_functions.ACTIONS[action](json.loads(call.request.get_data()))
        except step_functions.RefusedError as refused:
            return _json({"__type": refused.code, "message": str(refused)}, status=400)
        return None if answer is None else _json(answer)

    def _lambda(self, call: Call) -> Response | None:
        invoke = _INVOKE.fullmatch(call.request.path)
        if not invoke:
            return None
        caller = self._authorizer.caller(call.access_key)
        arn = self._functions.arn(
            unquote(invoke["function"]), region=call.region, account=caller.account
        )
        try:
            invocation = self._functions.invoke(arn, call.request.get_data())
        except FunctionNotFound:
            return _json(
                {"Type": "User", "Message": f"Function not found: {arn}"},
                status=404,
                headers={"x-amzn-errortype": "ResourceNotFoundException"},
            )
        headers = {"X-Amz-Executed-Version": invocation.version}
        if invocation.error:
            headers["X-Amz-Function-Error"] = invocation.error
        return Response(invocation.payload, headers=headers, mimetype="application/json")

    def _airflow(self, call: Call) -> Response:
        caller = self._authorizer.caller(call.access_key)
        request = http.Request(
            call.request.method,
            call.request.full_path.removesuffix("?"),
            body=call.request.get_data(),
            caller=caller.arn,
            region=call.region,
        )
        asked = api_call(request)
        if asked:
            self._authorizer.authorize(
                caller,
                action=f"airflow:{asked.action}",
                resources=resources(asked, region=call.region, account=caller.account),
            )
        answer = self._mwaa.get(caller.account, _NO_MWAA).answer(request)
        return Response(
            answer.body, answer.status, dict(answer.headers), mimetype="application/json"
        )


def _only_checked(_: Call) -> None:
    """Let moto answer what the caller is allowed."""


def _json(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")


def _denied(service: str, message: str) -> Response:
    if service in ("iam", "sts"):
        return Response(
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
            f"<Message>{escape(message)}</Message></Error></ErrorResponse>",
            403,
            mimetype="text/xml",
        )
    if service == "s3":
        error = f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        return Response(error, 403, mimetype="application/xml")
    return _json(
        {"Message": message}, status=403, headers={"x-amzn-errortype": "AccessDeniedException"}
    )
