"""The planned roles of both accounts, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.iam import Policy, is_allowed
from tests.iam.planned import REGION, policy_of
from tests.terraform.planner import Plan

SOURCE = "111111111111"
TARGET = "222222222222"


@dataclass(frozen=True)
class Iam:
    """The planned roles of both accounts, and what they may do.

    Parameters
    ----------
    name
        Name of the state machine and of the function.
    """

    plan: Plan
    name: str

    @property
    def state_machine(self) -> str:
        return f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:{self.name}"

    @property
    def source_role(self) -> str:
        return f"arn:aws:iam::{SOURCE}:role/{self.name}-source"

    @property
    def function_role(self) -> str:
        return f"arn:aws:iam::{TARGET}:role/{self.name}-target"

    def may(self, role: str, action: str, resource: str) -> bool:
        """Return whether the role may do this outside the function, if the resource has no policy."""
        return is_allowed(
            principal=role,
            action=action,
            resource=resource,
            identity_policies=self._policies(role),
        )

    def may_assume(self, principal: str, role: str, context: dict[str, str] | None = None) -> bool:
        """Return whether a role or a service may assume the role.

        Roles outside the plan have all permissions in their own account.
        """
        return is_allowed(
            principal=principal,
            action="sts:AssumeRole",
            resource=role,
            identity_policies=self._policies(principal),
            resource_policy=self.plan.trust(self._roles[role]),
            context=context,
        )

    @property
    def _roles(self) -> dict[str, str]:
        """Addresses of the planned roles by their ARNs."""
        accounts = {"module.source": SOURCE, "module.target": TARGET}
        return {
            f"arn:aws:iam::{account}:role/{values['name']}": address
            for module, account in accounts.items()
            for address, values in self.plan.resources.items()
            if address.startswith(f"{module}.aws_iam_role.")
        }

    def _policies(self, principal: str) -> dict[str, Policy]:
        if not principal.startswith("arn:"):
            return {}
        if principal not in self._roles:
            anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            return {"own": {"Version": "2012-10-17", "Statement": [anything]}}
        # The plan does not show to which role a policy belongs.
        address = policy_of(self._roles[principal])
        return {address: self.plan.policy(address)}


def airflow_role(name: str, *, of: str) -> str:
    return f"arn:aws:airflow:{REGION}:{TARGET}:role/{of}/{name}"


def environment(name: str) -> str:
    return f"arn:aws:airflow:{REGION}:{TARGET}:environment/{name}"
