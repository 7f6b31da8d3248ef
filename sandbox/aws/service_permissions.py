"""What IAM is asked about a call of the services that a deployment uses (Service Authorization Reference)."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from werkzeug.wrappers import Request

Permission = tuple[str, str]
"""An action and the resource on which it has to be allowed: `*` where the call names none."""

_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def permissions(service: str, request: Request, *, region: str, account: str) -> list[Permission]:
    """Return all that the caller has to be allowed; nothing for services that are not looked at here."""
    match service:
        case "iam":
            return list(_iam(request, f"arn:aws:iam::{account}"))
        case "lambda":
            return list(_lambda(request, f"arn:aws:lambda:{region}:{account}:function"))
        case "logs":
            return list(_logs(request, f"arn:aws:logs:{region}:{account}:log-group"))
        case "s3":
            return list(_s3(request))
        case "states":
            return list(_states(request, f"arn:aws:states:{region}:{account}:stateMachine"))
    return []


def _iam(request: Request, prefix: str) -> Iterator[Permission]:
    form = parse_qs(request.get_data().decode())
    role = f"{prefix}:role/{form['RoleName'][0]}" if "RoleName" in form else "*"
    yield f"iam:{form['Action'][0]}", role
    if form["Action"] == ["CreateRole"] and "Tags.member.1.Key" in form:
        yield "iam:TagRole", role


def _lambda(request: Request, prefix: str) -> Iterator[Permission]:
    operation, path = _lambda_operation(request.method, request.path)
    # As a function's code is in it, the body is read where it is needed only.
    writes_role = operation in ("CreateFunction", "UpdateFunctionConfiguration")
    body = json.loads(request.get_data()) if writes_role else {}
    named = path.get("FunctionName") or path.get("Resource") or body.get("FunctionName")
    function = "*" if not named else named if named.startswith("arn:") else f"{prefix}:{named}"
    yield f"lambda:{'InvokeFunction' if operation == 'Invoke' else operation}", function
    if operation == "GetFunction":
        # Lambda only leaves the tags out where this is missing ("GetFunction"), and each plan adds them.
        yield "lambda:ListTags", function
    if "Role" in body:
        yield "iam:PassRole", body["Role"]
    if operation == "CreateFunction" and body.get("Tags"):
        yield "lambda:TagResource", function


def _logs(request: Request, prefix: str) -> Iterator[Permission]:
    operation, body = _json_operation(request)
    # "LogGroup" in the CloudWatch Logs API Reference: only the tagging actions take the ARN as it is;
    # the others take it with `:*` in a policy, because AWS asks with a stream behind it.
    if operation in _TAGGING:
        yield f"logs:{operation}", body["resourceArn"].removesuffix(":*")
    elif "logGroupName" in body:
        group = f"{prefix}:{body['logGroupName']}"
        yield f"logs:{operation}", f"{group}:log-stream:"
        if body.get("tags"):
            yield "logs:TagResource", group
    else:
        yield f"logs:{operation}", "*"


def _s3(request: Request) -> Iterator[Permission]:
    """Ask about reading and writing objects; what is done with buckets themselves is not looked at here."""
    bucket, in_host, _ = request.host.partition(".localhost")
    path = unquote(request.path).lstrip("/")
    bucket, _, key = (bucket, "", path) if in_host else path.partition("/")
    if key:
        action = "s3:PutObject" if request.method == "PUT" else "s3:GetObject"
        yield action, f"arn:aws:s3:::{bucket}/{key}"


def _states(request: Request, prefix: str) -> Iterator[Permission]:
    operation, body = _json_operation(request)
    machine = next(
        (body[key] for key in ("stateMachineArn", "executionArn", "resourceArn") if key in body),
        f"{prefix}:{body['name']}" if operation == "CreateStateMachine" else "*",
    )
    yield f"states:{operation}", machine
    if "roleArn" in body:
        yield "iam:PassRole", body["roleArn"]
    if operation == "CreateStateMachine" and body.get("tags"):
        yield "states:TagResource", machine


def _json_operation(request: Request) -> tuple[str, dict[str, Any]]:
    operation = request.headers["X-Amz-Target"].partition(".")[2]
    return operation, json.loads(request.get_data())


def _lambda_operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the operation that a request is, and what its path names."""
    for name, (verb, pattern) in _lambda_paths().items():
        found = pattern.fullmatch(path)
        if verb == method and found:
            return name, {key: unquote(value) for key, value in found.groupdict().items()}
    raise ValueError(f"botocore's service model of Lambda has no {method} {path}")


@functools.cache
def _lambda_paths() -> dict[str, tuple[str, re.Pattern[str]]]:
    model = botocore.session.get_session().get_service_model("lambda")
    https = {name: model.operation_model(name).http for name in model.operation_names}
    return {
        name: (
            http["method"],
            # "{FunctionName}" is one part of the path, "{Resource+}" all of its rest.
            re.compile(re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", http["requestUri"])),
        )
        for name, http in https.items()
    }
