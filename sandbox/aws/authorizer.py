"""Callers and their permissions. moto itself checks neither conditions nor trust policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.sts.models import AssumedRole, sts_backends

from sandbox.aws.api_requests import InvalidRequestError
from sandbox.iam import Policy, is_allowed

# Terraform and other callers without a role are the root of a separate account.
MANAGEMENT_ACCOUNT = "123456789012"
ORGANIZATION = "o-exampleorgid"
"""The AWS organization of all accounts."""
ADMINISTRATOR: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_ALLOW_ALL: Policy = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True)
class Caller:
    """The identity behind an access key.

    Parameters
    ----------
    arn
        ARN of a role session or of the root of an account.
    policies
        Identity-based policies by name.
    context
        Condition keys that AWS sets in each request with these credentials.
    boundary
        Permissions boundary of the role, if it has one.
    """

    arn: str
    account: str
    policies: Mapping[str, Policy]
    context: Mapping[str, str] = field(default_factory=dict)
    boundary: Policy | None = None


class AccessDenied(Exception):
    """IAM denies a request. The message has the wording of AWS."""


class Authorizer:
    """Evaluates requests with the roles and policies in moto."""

    def __init__(self) -> None:
        self._function_arns: dict[str, str] = {}  # by the access key of the execution environment

    def caller(self, access_key: str) -> Caller:
        """Return the owner of an access key. Unknown keys belong to the root of the management account."""
        # A lookup by account ID would create the account in moto, so iterate over the existing accounts.
        for backends in list(sts_backends.values()):
            for backend in list(backends.values()):
                session = backend.get_assumed_role_from_access_key(access_key)
                if session:
                    role = _find_role(session.role_arn)
                    policies = _identity_policies(role) if role else {}
                    function_arn = self._function_arns.get(access_key)
                    # "AWS global condition context keys": the role of a session, and its organization.
                    context = {
                        "aws:PrincipalArn": session.role_arn,
                        "aws:PrincipalOrgID": ORGANIZATION,
                    }
                    if function_arn:
                        context["lambda:SourceFunctionArn"] = function_arn
                    boundary = _find_boundary(role) if role else None
                    return Caller(session.arn, session.account_id, policies, context, boundary)
        return Caller(
            f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:root",
            MANAGEMENT_ACCOUNT,
            {"root": ADMINISTRATOR},
        )

    def authorize(
        self,
        caller: Caller,
        *,
        action: str,
        resources: Sequence[str],
        context: Mapping[str, str] | None = None,
    ) -> None:
        """Check that the caller's policies allow the action on at least one of the resources.

        Parameters
        ----------
        context
            Condition keys of this request.

        Raises
        ------
        AccessDenied
        """
        allowed = any(
            _is_administrator(caller, resource)
            or is_allowed(
                principal=caller.arn,
                action=action,
                resource=resource,
                identity_policies=caller.policies,
                boundary=caller.boundary,
                context={**caller.context, **(context or {})},
            )
            for resource in resources
        )
        if not allowed:
            raise AccessDenied(
                f"User: {caller.arn} is not authorized to perform: {action} on resource: "
                f"{resources[-1]} because no identity-based policy allows the {action} action"
            )

    def simulate(
        self, role_arn: str, *, action: str, resource: str, context: Mapping[str, Sequence[str]]
    ) -> str:
        """Return the decision of the role's policies as in SimulatePrincipalPolicy, but no `explicitDeny`."""
        role = _find_role(role_arn)
        if role is None:
            raise InvalidRequestError("NoSuchEntity", f"Role {role_arn} does not exist.")
        account, name = role_arn.split(":")[4], role.name
        # Access to another account also needs a policy there, which is not a part of the simulation.
        other = resource != "*" and resource.split(":")[4] != account
        allowed = is_allowed(
            principal=f"arn:aws:sts::{account}:assumed-role/{name}/simulation",
            action=action,
            resource=resource,
            identity_policies=_identity_policies(role),
            resource_policy=_ALLOW_ALL if other else None,
            context=context,
        )
        return "allowed" if allowed else "implicitDeny"

    def authorize_assume_role(
        self, caller: Caller, *, role_arn: str, external_id: str | None
    ) -> None:
        """Check the caller's policies and the role's trust policy. Raises `AccessDenied`."""
        external_ids = {"sts:ExternalId": external_id} if external_id is not None else {}
        context = {**caller.context, **external_ids}
        role = _find_role(role_arn)
        if role is None or not _trusts(role, caller, context):
            raise AccessDenied(
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole "
                f"on resource: {role_arn}"
            )

    def assume_as_service(
        self, service: str, *, role_arn: str, region: str, context: Mapping[str, str]
    ) -> AssumedRole:
        """Return a session of the role, assumed by an AWS service. Raises `AccessDenied`."""
        role = _find_role(role_arn)
        if role is None or not _trusts(role, Caller(service, "", {}), context):
            raise AccessDenied(
                f"{service} is not authorized to assume the provided role {role_arn}"
            )
        account = role_arn.split(":")[4]
        session: AssumedRole = sts_backends[account]["aws"].assume_role(
            region_name=region,
            role_session_name=service.partition(".")[0],
            role_arn=role_arn,
            policy="",
            duration=3600,
            external_id="",
        )
        return session

    def assume_as_function(self, function_arn: str, *, role_arn: str, region: str) -> AssumedRole:
        """Return a session of the role for the function's execution environment. Raises `AccessDenied`.

        Lambda sends the account of the function to STS (the trust policies in aws/agent-toolkit-for-aws). It adds the
        function's ARN to each request of this session, and of no other session ("Using source function ARN to control
        function access behavior").
        """
        session = self.assume_as_service(
            "lambda.amazonaws.com",
            role_arn=role_arn,
            region=region,
            context={"aws:SourceAccount": function_arn.split(":")[4]},
        )
        self._function_arns[session.access_key_id] = function_arn
        return session


def _trusts(role: Role, caller: Caller, context: Mapping[str, str]) -> bool:
    return is_allowed(
        principal=caller.arn,
        action="sts:AssumeRole",
        resource=role.arn,
        identity_policies=caller.policies,
        boundary=caller.boundary,
        resource_policy=json.loads(role.assume_role_policy_document),
        context=context,
    )


def _is_administrator(caller: Caller, resource: str) -> bool:
    """Return whether the caller is an administrator of the resource's account.

    The evaluator does not know every action, so requests of administrators do not reach it.
    """
    is_own_account = resource == "*" or resource.split(":")[4] == caller.account
    is_unbounded = caller.boundary is None
    return is_own_account and is_unbounded and ADMINISTRATOR in caller.policies.values()


def _find_role(role_arn: str) -> Role | None:
    # Copied, because other requests can create and delete roles at the same time.
    roles = list(iam_backends[role_arn.split(":")[4]]["aws"].roles.values())
    return next((role for role in roles if role.arn == role_arn), None)


def _identity_policies(role: Role) -> dict[str, Policy]:
    inline = {name: json.loads(document) for name, document in list(role.policies.items())}
    managed = {policy.name: _document(policy) for policy in list(role.managed_policies.values())}
    return inline | managed


def _find_boundary(role: Role) -> Policy | None:
    if role.permissions_boundary_arn is None:
        return None
    policies = iam_backends[role.account_id]["aws"].managed_policies
    return _document(policies[role.permissions_boundary_arn])


def _document(policy: ManagedPolicy) -> Policy:
    [document] = [version.document for version in policy.versions if version.is_default]
    parsed: Policy = json.loads(document)
    return parsed
