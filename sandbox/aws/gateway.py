"""The entry point of the local AWS. It checks requests and permissions, and forwards most requests to moto."""

from __future__ import annotations

import io
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from xml.sax.saxutils import escape

from moto.core.request import Request
from werkzeug.wrappers import Response

from sandbox.aws import step_functions
from sandbox.aws.api_requests import (
    ApiRequest,
    InvalidRequestError,
    create_error_response,
    create_response,
    parse_request,
)
from sandbox.aws.authorizer import AccessDenied, Authorizer, Caller
from sandbox.aws.functions import FunctionNotFound, Functions, FunctionThrottled
from sandbox.aws.permissions import mwaa_resources, required_permissions
from sandbox.aws.quotas import check_quotas
from sandbox.aws.request_validation import validate
from sandbox.mwaa import http
from sandbox.mwaa.api import MwaaApi, parse_call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SIGNATURE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")

# MWAA's API of an account without environments. It never creates a token or a host name.
_NO_MWAA = MwaaApi({}, create_cli_token=str, hostname=str)


class Front(Protocol):
    """MWAA's API of an account."""

    def respond(self, request: http.Request) -> http.Response:
        """Return the response to one call."""


@dataclass(frozen=True)
class Call:
    """A signed request with its caller, Region and service."""

    caller: Caller
    region: str
    service: str
    request: Request
    api_request: ApiRequest


class Gateway:
    """Routes requests by the service in their signature. `mwaa` has MWAA's API by account ID."""

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
            "iam": self._iam,
            "lambda": self._lambda,
            "states": self._states,
            "sts": self._sts,
        }

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Respond, or forward the request to moto."""
        signature = _SIGNATURE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not signature:
            return self._moto(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        api, _, action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        complete = step_functions.COMPLETED.get(action) if api == "AWSStepFunctions" else None
        if complete:
            body = json.dumps(complete(json.loads(body))).encode()
            environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        request = Request(environ)
        api_request = parse_request(signature["service"], request)
        if api_request:
            caller = self._authorizer.caller(signature["key"])
            response = self._respond(
                Call(caller, signature["region"], signature["service"], request, api_request)
            )
            if response is not None:
                response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
                return response(environ, start)
        environ["wsgi.input"] = io.BytesIO(body)
        return self._moto(environ, start)

    def _respond(self, call: Call) -> Response | None:
        """Reject the request, respond to it, or return None to forward it to moto."""
        serve = self._services.get(call.service)
        try:
            validate(call.api_request)
            self._authorize(call)
            check_quotas(call.api_request, account=call.caller.account)
            return serve(call) if serve else None
        except AccessDenied as denied:
            return _create_denial(call.service, str(denied))
        except InvalidRequestError as error:
            return create_error_response(call.api_request, error)

    def _authorize(self, call: Call) -> None:
        account = call.caller.account
        for permission in required_permissions(
            call.api_request, region=call.region, account=account
        ):
            self._authorizer.authorize(
                call.caller,
                action=permission.action,
                resources=[permission.resource],
                context=permission.context,
            )

    def _iam(self, call: Call) -> Response | None:
        """Respond to SimulatePrincipalPolicy (IAM API Reference), which moto does not have.

        The response has a result for each pair of action and resource. There is no `CallerArn`, no `PolicyInputList`,
        and no permissions boundary.
        """
        if call.api_request.name != "SimulatePrincipalPolicy":
            return None
        parameters = call.api_request.parameters
        context = {
            entry["ContextKeyName"]: entry["ContextKeyValues"]
            for entry in parameters.get("ContextEntries", [])
        }
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": self._authorizer.simulate(
                    parameters["PolicySourceArn"], action=action, resource=resource, context=context
                ),
            }
            for action in parameters["ActionNames"]
            for resource in parameters.get("ResourceArns", ["*"])
        ]
        return create_response(
            call.api_request, {"EvaluationResults": results, "IsTruncated": False}
        )

    def _sts(self, call: Call) -> None:
        if call.api_request.name == "AssumeRole":
            self._authorizer.authorize_assume_role(
                call.caller,
                role_arn=call.api_request.parameters["RoleArn"],
                external_id=call.api_request.parameters.get("ExternalId"),
            )

    def _states(self, call: Call) -> Response | None:
        respond = step_functions.ACTIONS.get(call.api_request.name)
        body = respond(dict(call.api_request.parameters)) if respond else None
        return None if body is None else _json(body)

    def _lambda(self, call: Call) -> Response | None:
        if call.api_request.name != "Invoke":
            return None
        arn = self._functions.arn(
            call.api_request.parameters["FunctionName"],
            region=call.region,
            account=call.caller.account,
        )
        try:
            invocation = self._functions.invoke(arn, call.request.get_data())
        except FunctionNotFound:
            return _json(
                {"Type": "User", "Message": f"Function not found: {arn}"},
                status=404,
                headers={"x-amzn-errortype": "ResourceNotFoundException"},
            )
        except FunctionThrottled:
            # "Invoke" in the AWS Lambda API Reference.
            return _json(
                {
                    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                    "Type": "User",
                    "message": "Rate Exceeded.",
                },
                status=429,
                headers={"x-amzn-errortype": "TooManyRequestsException"},
            )
        headers = {"X-Amz-Executed-Version": invocation.version}
        if invocation.error:
            headers["X-Amz-Function-Error"] = invocation.error
        return Response(invocation.payload, headers=headers, mimetype="application/json")

    def _airflow(self, call: Call) -> Response:
        caller = call.caller
        request = http.Request(
            call.request.method,
            call.request.full_path.removesuffix("?"),
            body=call.request.get_data(),
            caller=caller.arn,
            region=call.region,
        )
        mwaa_call = parse_call(request)
        if mwaa_call:
            self._authorizer.authorize(
                caller,
                action=f"airflow:{mwaa_call.action}",
                resources=mwaa_resources(mwaa_call, region=call.region, account=caller.account),
            )
        response = self._mwaa.get(caller.account, _NO_MWAA).respond(request)
        return Response(
            response.body, response.status, dict(response.headers), mimetype="application/json"
        )


def _json(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")


def _create_denial(service: str, message: str) -> Response:
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
