"""The planned roles and policies, and the actions and ARNs in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.iam import Policy
from tests.terraform.planner import Plan

REGION = "eu-central-1"
ROLE = ".aws_iam_role."
ARN = re.compile(r"arn:aws:[^\"]+")


@dataclass(frozen=True)
class Role:
    """A planned role."""

    arn: str
    trust: Policy
    policy: Policy


@dataclass(frozen=True)
class Planned:
    """The planned roles, and what their policies contain.

    Parameters
    ----------
    accounts
        Accounts of the plan.
    actions, resources
        Actions and resources in the policies of the roles, including wildcards.
    functions
        ARNs of the planned functions.
    state_machines
        ARNs of the planned state machines.
    organizations
        Ids of organizations in the trust policies of the roles.
    trusted
        ARNs in the trust policies of the roles.
    """

    accounts: tuple[str, ...]
    actions: frozenset[str]
    functions: tuple[str, ...]
    resources: frozenset[str]
    roles: tuple[Role, ...]
    state_machines: tuple[str, ...]
    organizations: frozenset[str]
    trusted: frozenset[str]


def read(plan: Plan) -> Planned:
    """Read the roles and policies of a plan.

    Raises
    ------
    ValueError
        If the plan contains a policy that is not an inline policy of a role, because no question would cover it.
    """
    roles_policies = {policy_of(address) for address in plan.resources if ROLE in f".{address}"}
    for address in plan.resources.keys() - roles_policies:
        if re.search("_policy|_permission|_grant", address.rpartition(".")[0]):
            raise ValueError(
                f"The tests of permissions do not read the policy {address}. Extend tests/iam/planned.py."
            )
    accounts = dict(_accounts(plan))
    roles = tuple(
        Role(
            arn=f"arn:aws:iam::{accounts[_provider(plan, address)]}:role{role['path']}{role['name']}",
            trust=plan.trust(address),
            # The plan does not show to which role a policy belongs.
            policy=plan.policy(policy_of(address)),
        )
        for address, role in plan.resources.items()
        if ROLE in f".{address}"
    )

    def arns(kind: str, name: str, arn: str) -> tuple[str, ...]:
        return tuple(
            f"arn:aws:{arn.format(f'{REGION}:{accounts[_provider(plan, address)]}')}:{values[name]}"
            for address, values in plan.resources.items()
            if f".{kind}." in f".{address}"
        )

    trusts = json.dumps([role.trust for role in roles])
    return Planned(
        actions=frozenset(_all(roles, "Action")),
        accounts=tuple(sorted(set(accounts.values()))),
        functions=arns("aws_lambda_function", "function_name", "lambda:{}:function"),
        roles=roles,
        state_machines=arns("aws_sfn_state_machine", "name", "states:{}:stateMachine"),
        resources=frozenset(_all(roles, "Resource")),
        organizations=frozenset(re.findall(r"\bo-[a-z0-9]{10,32}\b", trusts)),
        trusted=frozenset(ARN.findall(trusts)),
    )


def _all(roles: Iterable[Role], element: str) -> Iterator[str]:
    for role in roles:
        for statement in role.policy["Statement"]:
            values = statement[element]
            yield from values if isinstance(values, list) else [values]


def policy_of(role: str) -> str:
    """Return the address of the policy of a role."""
    return role.replace("aws_iam_role.", "aws_iam_role_policy.")


def _accounts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Return the account of each provider, which the modules read from it."""
    for module in plan.document["prior_state"]["values"]["root_module"]["child_modules"]:
        for data in module["resources"]:
            if data["type"] == "aws_caller_identity":
                yield _provider(plan, data["address"]), data["values"]["account_id"]


def _provider(plan: Plan, address: str) -> str:
    """Return the provider of a resource, such as `aws.source`."""
    module = re.match(r"module\.\w+", address)
    return plan.providers[module[0] if module else address.partition("[")[0]]
