"""What IAM is asked about a call of the services that a deployment uses (Service Authorization Reference)."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.aws.api_requests import ApiRequest

Permission = tuple[str, str]
"""An action and the resource on which it has to be allowed: `*` where the call names none."""

_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def permissions(request: ApiRequest, *, region: str, account: str) -> list[Permission]:
    """Return all that the caller has to be allowed; nothing for services that are not looked at here."""
    match request.service:
        case "iam":
            return list(_iam(request, f"arn:aws:iam::{account}"))
        case "lambda":
            return list(_lambda(request, f"arn:aws:lambda:{region}:{account}:function"))
        case "logs":
            return list(_logs(request, f"arn:aws:logs:{region}:{account}:log-group"))
        case "s3":
            return list(_s3(request))
        case "stepfunctions":
            return list(_states(request, f"arn:aws:states:{region}:{account}:stateMachine"))
    return []


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
        # Lambda only leaves the tags out where this is missing ("GetFunction"), and each plan adds them.
        yield "lambda:ListTags", function
    if "Role" in parameters:
        yield "iam:PassRole", parameters["Role"]
    if request.name == "CreateFunction" and parameters.get("Tags"):
        yield "lambda:TagResource", function


def _logs(request: ApiRequest, prefix: str) -> Iterator[Permission]:
    parameters = request.parameters
    # "LogGroup" in the CloudWatch Logs API Reference: only the tagging actions take the ARN as it is;
    # the others take it with `:*` in a policy, because AWS asks with a stream behind it.
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
    """Ask about reading and writing objects; what is done with buckets themselves is not looked at here."""
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
