"""Actions and resources that a request requires (Service Authorization Reference)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends

from sandbox.aws.api_requests import ApiRequest
from sandbox.mwaa.api import ApiCall


@dataclass(frozen=True)
class Permission:
    """An action that a request requires.

    Parameters
    ----------
    resource
        ARN, or `*` if the request names no resource.
    context
        Condition keys of the request.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


AIRFLOW_ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's roles. The resource of InvokeRestApi and CreateWebLoginToken ends with a role."""

_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def required_permissions(request: ApiRequest, *, region: str, account: str) -> Iterator[Permission]:
    """Yield the permissions that the caller needs, or none for a service that is not checked."""
    match request.service:
        case "cloudwatch":
            yield from _cloudwatch(request, region=region, account=account)
        case "events":
            yield from _events(request, f"arn:aws:events:{region}:{account}:rule")
        case "iam":
            yield from _iam(request, account)
        case "lambda":
            yield from _lambda(request, f"arn:aws:lambda:{region}:{account}:function")
        case "logs":
            yield from _logs(request, f"arn:aws:logs:{region}:{account}:log-group")
        case "s3":
            yield from _s3(request)
        case "ssm":
            yield from _ssm(request, f"arn:aws:ssm:{region}:{account}:parameter")
        case "stepfunctions":
            yield from _states(request, f"arn:aws:states:{region}:{account}:stateMachine")


def mwaa_resources(call: ApiCall, *, region: str, account: str) -> Sequence[str]:
    """Return the resources of a call of MWAA's API. The caller needs `airflow:ACTION` for one of them."""
    prefix, name = f"arn:aws:airflow:{region}:{account}", call.environment_name
    match call.action:
        case "ListEnvironments":
            return ["*"]
        case "GetEnvironment" | "CreateCliToken":
            return [f"{prefix}:environment/{name}"]
        case _:
            return [f"{prefix}:role/{name}/{role}" for role in AIRFLOW_ROLES]


def _cloudwatch(request: ApiRequest, *, region: str, account: str) -> Iterator[Permission]:
    parameters = request.parameters
    alarms = f"arn:aws:cloudwatch:{region}:{account}:alarm"
    dashboards = f"arn:aws:cloudwatch::{account}:dashboard"
    match request.name:
        case "PutMetricAlarm" | "DeleteAlarms" | "DescribeAlarms":
            names = parameters.get("AlarmNames") or [parameters.get("AlarmName", "*")]
            resources = [f"{alarms}:{name}" for name in names]
        case "GetDashboard" | "PutDashboard":
            resources = [f"{dashboards}/{parameters['DashboardName']}"]
        case "DeleteDashboards":
            resources = [f"{dashboards}/{name}" for name in parameters["DashboardNames"]]
        case name if name in _TAGGING:
            resources = [parameters["ResourceARN"]]
        case _:
            resources = ["*"]
    for resource in resources:
        yield Permission(f"cloudwatch:{request.name}", resource)
        if request.name == "PutMetricAlarm" and parameters.get("Tags"):
            yield Permission("cloudwatch:TagResource", resource)


def _events(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    named = parameters.get("Rule") or parameters.get("Name")
    rule = parameters.get("ResourceARN") or (f"{prefix}/{named}" if named else "*")
    yield Permission(f"events:{request.name}", rule)
    if request.name == "PutRule" and parameters.get("Tags"):
        yield Permission("events:TagResource", rule)
    for target in parameters.get("Targets", []):
        if "RoleArn" in target:
            yield _pass_role(target["RoleArn"], "events.amazonaws.com")


def _iam(request: ApiRequest, account: str) -> Iterator[Permission]:
    parameters = request.parameters
    named = "RoleName" in parameters
    role = f"arn:aws:iam::{account}:role/{parameters['RoleName']}" if named else "*"
    if request.name == "SimulatePrincipalPolicy":
        role = parameters["PolicySourceArn"]
    boundary = _boundary(parameters, account)
    context = {"iam:PermissionsBoundary": boundary} if boundary else {}
    yield Permission(f"iam:{request.name}", role, context)
    if request.name == "CreateRole" and parameters.get("Tags"):
        yield Permission("iam:TagRole", role)


def _boundary(parameters: Mapping[str, Any], account: str) -> str | None:
    """Return the boundary that the request sets, or the boundary of its role.

    "Available keys for IAM" and "Delegating responsibility to others using permissions boundaries" in the IAM User
    Guide.
    """
    if "PermissionsBoundary" in parameters:
        return str(parameters["PermissionsBoundary"])
    # Copied, because other requests can create and delete roles at the same time.
    roles = list(iam_backends[account]["aws"].roles.values())
    boundaries = {role.name: role.permissions_boundary_arn for role in roles}
    return boundaries.get(parameters.get("RoleName"))


def _pass_role(role: str, service: str) -> Permission:
    return Permission("iam:PassRole", role, {"iam:PassedToService": service})


def _lambda(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    named = parameters.get("FunctionName") or parameters.get("Resource")
    function = "*" if not named else named if named.startswith("arn:") else f"{prefix}:{named}"
    action = "InvokeFunction" if request.name == "Invoke" else request.name
    yield Permission(f"lambda:{action}", function)
    if request.name == "GetFunction":
        # Without this permission Lambda omits the tags ("GetFunction"), and each plan adds them again.
        yield Permission("lambda:ListTags", function)
    if "Role" in parameters:
        yield _pass_role(parameters["Role"], "lambda.amazonaws.com")
    if request.name == "CreateFunction" and parameters.get("Tags"):
        yield Permission("lambda:TagResource", function)


def _logs(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    # "LogGroup" in the CloudWatch Logs API Reference: only the tagging actions use the ARN of the log group. The others
    # need `:*` after it in a policy, because AWS appends a log stream.
    if request.name in _TAGGING:
        yield Permission(f"logs:{request.name}", parameters["resourceArn"].removesuffix(":*"))
    elif "logGroupName" in parameters:
        group = f"{prefix}:{parameters['logGroupName']}"
        yield Permission(f"logs:{request.name}", f"{group}:log-stream:")
        if parameters.get("tags"):
            yield Permission("logs:TagResource", group)
    else:
        yield Permission(f"logs:{request.name}", "*")


def _s3(request: ApiRequest) -> Iterator[Permission]:
    """Yield the permissions for objects. Requests about buckets are not checked."""
    if "Key" in request.parameters:
        action = "s3:PutObject" if request.operation.http["method"] == "PUT" else "s3:GetObject"
        key = f"{request.parameters['Bucket']}/{request.parameters['Key']}"
        yield Permission(action, f"arn:aws:s3:::{key}")


def _ssm(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    name = request.parameters.get("Name")
    yield Permission(f"ssm:{request.name}", f"{prefix}/{name.removeprefix('/')}" if name else "*")


def _states(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    arns = ("stateMachineArn", "executionArn", "mapRunArn", "resourceArn")
    machine = next(
        (parameters[name] for name in arns if name in parameters),
        f"{prefix}:{parameters['name']}" if request.name == "CreateStateMachine" else "*",
    )
    yield Permission(f"states:{request.name}", machine)
    if "roleArn" in parameters:
        yield _pass_role(parameters["roleArn"], "states.amazonaws.com")
    if request.name == "CreateStateMachine" and parameters.get("tags"):
        yield Permission("states:TagResource", machine)
