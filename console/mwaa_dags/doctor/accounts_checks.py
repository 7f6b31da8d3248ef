"""Checks 1 to 4: the state machine, the roles, their trust and their permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mwaa_dags.doctor.facts import Facts, as_list, find_role, is_allowed, trust_statements
from mwaa_dags.doctor.findings import Finding, failed, passed

_APPLY_SOURCE, _APPLY_TARGET = "Apply the source.", "Apply the target."


def check_state_machine(facts: Facts) -> Iterator[Finding]:
    """Check that the state machine is active."""
    system = facts.system
    if system.status == "ACTIVE":
        yield passed(1, f"the state machine {system.arn.name} is active")
    else:
        text = f"the state machine {system.arn.name} is {system.status}"
        yield failed(1, text, _APPLY_SOURCE)


def check_source_role(facts: Facts) -> Iterator[Finding]:
    """Check that the source role exists and has its permissions."""
    system = facts.system
    role = system.role_arn
    if find_role(facts.source, role) is None:
        yield failed(2, f"the source role {role} does not exist", _APPLY_SOURCE)
        return
    needed = [("sts:AssumeRole", system.target_role_arn)]
    needed += [("lambda:InvokeFunction", function) for function in system.preliminary_functions]
    missing = [
        f"{action} on {resource}"
        for action, resource in needed
        if not is_allowed(facts.source, role, action=action, resource=resource)
    ]
    for permission in missing:
        yield failed(2, f"the source role {role} lacks {permission}", _APPLY_SOURCE)
    if not missing:
        yield passed(
            2, "the source role may assume the target role and invoke the preliminary tasks"
        )


def check_trust(facts: Facts) -> Iterator[Finding]:
    """Check that the target role trusts the source role with the ARN of the state machine as external id."""
    system, role_arn = facts.system, facts.system.target_role_arn
    role = find_role(facts.target, role_arn)
    if role is None:
        yield failed(3, f"the target role {role_arn} does not exist", _APPLY_TARGET)
        return
    statements = [
        statement
        for statement in trust_statements(role)
        if statement["Effect"] == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"} & set(as_list(statement.get("Action", [])))
    ]
    trusting = [each for each in statements if _names(each, system.role_arn)]
    if any(_accepts(each, system.arn.text) for each in trusting):
        yield passed(3, "the target role trusts the source role and the state machine")
        return
    if trusting:
        ids = ", ".join(external for each in trusting for external in _external_ids(each))
        how = (
            f"only with the external id {ids}" if ids else "without an external id that it accepts"
        )
        yield failed(
            3,
            f"the target role {role_arn} trusts the source role {how}, but Step Functions sends {system.arn.text}",
            "Set `state_machine_arn` in `trusted_sources` of the target to this ARN, and apply the target.",
        )
        return
    dead = [name for each in statements for name in _principals(each) if name.startswith("AROA")]
    if dead:
        yield failed(
            3,
            f"the target role {role_arn} trusts {', '.join(dead)}, the id of a deleted role, and not the role "
            f"{system.role_arn}, which replaced it",
            "Apply the target once more. The plan shows the change only after the source role is replaced.",
        )
        return
    names = ", ".join(name for each in statements for name in _principals(each)) or "nobody"
    yield failed(
        3,
        f"the target role {role_arn} trusts {names}, but not the source role {system.role_arn}",
        "Set `role_arn` in `trusted_sources` of the target to this role, and apply the target.",
    )


def check_target_permissions(facts: Facts, env: str | None) -> Iterator[Finding]:
    """Check the permissions of the target role and of the function's role."""
    system, target = facts.system, facts.target
    missing: list[str] = []
    role = system.target_role_arn
    if not is_allowed(target, role, action="lambda:InvokeFunction", resource=system.function_arn):
        missing.append(
            f"the target role {role} lacks lambda:InvokeFunction on {system.function_arn}"
        )
    function_role = facts.function["Role"]
    if find_role(target, function_role) is None:
        yield failed(4, f"the role of the function {function_role} does not exist", _APPLY_TARGET)
        return
    configured = facts.airflow_roles
    if not configured:
        missing.append(f"the role of the function {function_role} allows no environment")
    for name in [env] if env in configured and env else configured:
        for action, resource in _airflow_permissions(facts, name):
            if not is_allowed(
                target,
                function_role,
                action=action,
                resource=resource,
                context=facts.function_context,
            ):
                missing.append(
                    f"the role of the function {function_role} lacks {action} on {resource}"
                )
    for text in missing:
        yield failed(4, text, "Check `mwaa_environments` of the target, and apply the target.")
    if not missing:
        yield passed(4, "the target role may invoke the function, and the function may use MWAA")


def _airflow_permissions(facts: Facts, env: str) -> Iterator[tuple[str, str]]:
    yield "airflow:GetEnvironment", facts.airflow_arn(f"environment/{env}")
    if facts.transport == "cli":
        yield "airflow:CreateCliToken", facts.airflow_arn(f"environment/{env}")
    elif role := facts.airflow_roles[env]:
        yield "airflow:InvokeRestApi", facts.airflow_arn(f"role/{env}/{role}")


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    return as_list(principal.get("AWS", [])) if isinstance(principal, dict) else [str(principal)]


def _names(statement: Mapping[str, Any], role_arn: str) -> bool:
    """Return whether a statement names a role: its ARN, or its account with the condition `aws:PrincipalArn`."""
    principals = set(_principals(statement))
    if role_arn in principals:
        return True
    account = role_arn.split(":")[4]
    roots = {f"{role_arn.split('::', maxsplit=1)[0]}::{account}:root", account, "*"}
    arns = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn", role_arn)
    return bool(roots & principals) and role_arn in as_list(arns)


def _external_ids(statement: Mapping[str, Any]) -> list[str]:
    condition = statement.get("Condition", {})
    return as_list(condition.get("StringEquals", {}).get("sts:ExternalId", []))


def _accepts(statement: Mapping[str, Any], external_id: str) -> bool:
    return not statement.get("Condition") or external_id in _external_ids(statement)
