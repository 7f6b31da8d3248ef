"""Actions and resources that a request requires (Service Authorization Reference)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.aws.api_requests import ApiRequest
from sandbox.mwaa.api import ApiCall

Permission = tuple[str, str]
"""An action and its resource, or `*` if the request names no resource."""

AIRFLOW_ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's roles. The resource of InvokeRestApi and CreateWebLoginToken ends with a role."""

_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def required_permissions(request: ApiRequest, *, region: str, account: str) -> list[Permission]:
    """Return the permissions that the caller needs, or none for a service that is not checked."""
    match request.service:
        case "cloudwatch":
            required = _cloudwatch(request, region=region, account=account)
        case "events":
            required = _events(request, f"arn:aws:events:{region}:{account}:rule")
        case "iam":
            required = _iam(request, f"arn:aws:iam::{account}")
        case "lambda":
            required = _lambda(request, f"arn:aws:lambda:{region}:{account}:function")
        case "logs":
            required = _logs(request, f"arn:aws:logs:{region}:{account}:log-group")
        case "s3":
            required = _s3(request)
        case "stepfunctions":
            required = _states(request, f"arn:aws:states:{region}:{account}:stateMachine")
        case _:
            return []
    return list(required)


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
        yield f"cloudwatch:{request.name}", resource
        if request.name == "PutMetricAlarm" and parameters.get("Tags"):
            yield "cloudwatch:TagResource", resource


def _events(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    named = parameters.get("Rule") or parameters.get("Name")
    rule = parameters.get("ResourceARN") or (f"{prefix}/{named}" if named else "*")
    yield f"events:{request.name}", rule
    if request.name == "PutRule" and parameters.get("Tags"):
        yield "events:TagResource", rule
    for target in parameters.get("Targets", []):
        if "RoleArn" in target:
            yield "iam:PassRole", target["RoleArn"]


def _iam(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    role = f"{prefix}:role/{parameters['RoleName']}" if "RoleName" in parameters else "*"
    yield f"iam:{request.name}", role
    if request.name == "CreateRole" and parameters.get("Tags"):
        yield "iam:TagRole", role


def _lambda(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    named = parameters.get("FunctionName") or parameters.get("Resource")
    function = "*" if not named else named if named.startswith("arn:") else f"{prefix}:{named}"
    yield f"lambda:{'InvokeFunction' if request.name == 'Invoke' else request.name}", function
    if request.name == "GetFunction":
        # Without this permission Lambda omits the tags ("GetFunction"), and each plan adds them again.
        yield "lambda:ListTags", function
    if "Role" in parameters:
        yield "iam:PassRole", parameters["Role"]
    if request.name == "CreateFunction" and parameters.get("Tags"):
        yield "lambda:TagResource", function


def _logs(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    # "LogGroup" in the CloudWatch Logs API Reference: only the tagging actions use the ARN of the log group. The others
    # need `:*` after it in a policy, because AWS appends a log stream.
    if request.name in _TAGGING:
        yield f"logs:{request.name}", parameters["resourceArn"].removesuffix(":*")
    elif "logGroupName" in parameters:
        group = f"{prefix}:{parameters['logGroupName']}"
        yield f"logs:{request.name}", f"{group}:log-stream:"
        if parameters.get("tags"):
            yield "logs:TagResource", group
    else:
        yield f"logs:{request.name}", "*"


def _s3(request: ApiRequest) -> Iterator[Permission]:
    """Yield the permissions for objects. Requests about buckets are not checked."""
    if "Key" in request.parameters:
        action = "s3:PutObject" if request.operation.http["method"] == "PUT" else "s3:GetObject"
        yield action, f"arn:aws:s3:::{request.parameters['Bucket']}/{request.parameters['Key']}"


def _states(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    arns = ("stateMachineArn", "executionArn", "resourceArn")
    machine = next(
        (parameters[name] for name in arns if name in parameters),
        f"{prefix}:{parameters['name']}" if request.name == "CreateStateMachine" else "*",
    )
    yield f"states:{request.name}", machine
    if "roleArn" in parameters:
        yield "iam:PassRole", parameters["roleArn"]
    if request.name == "CreateStateMachine" and parameters.get("tags"):
        yield "states:TagResource", machine
