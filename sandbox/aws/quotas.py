"""Documented limits and requirements of AWS that are not in its API models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.iam.models import iam_backends

from sandbox.aws.api_requests import ApiRequest, InvalidRequestError

_MAX_TRUST_POLICY_CHARACTERS = 2048
_MAX_INLINE_POLICY_CHARACTERS = 10240
_MAX_ENVIRONMENT_BYTES = 4096
_MAX_EXECUTION_INPUT_BYTES = 262144
SECURITY_GROUP_DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
"""Descriptions that EC2 accepts ("IpRange" and "CreateSecurityGroup" in the Amazon EC2 API Reference)."""


def check_quotas(request: ApiRequest, *, account: str) -> None:
    """Raise `InvalidRequestError` if the request exceeds a limit or does not fulfil a requirement."""
    parameters = request.parameters
    match request.service, request.name:
        case "iam", "CreateRole":
            _check_trust_policy(parameters["AssumeRolePolicyDocument"])
            _check_role_tags(parameters.get("Tags", []))
            _check_boundary(parameters, account)
        case "iam", "PutRolePermissionsBoundary":
            _check_boundary(parameters, account)
        case "iam", "UpdateAssumeRolePolicy":
            _check_trust_policy(parameters["PolicyDocument"])
        case "iam", "PutRolePolicy":
            _check_inline_policies(parameters, account)
        case "iam", "TagRole":
            _check_role_tags(parameters["Tags"])
        case "lambda", "CreateFunction" | "UpdateFunctionConfiguration":
            _check_environment(parameters.get("Environment", {}).get("Variables", {}))
        case "ec2", "CreateSecurityGroup":
            _check_description(parameters["Description"], "security group")
        case "ec2", name if "SecurityGroup" in name:
            for description in _descriptions(parameters):
                _check_description(description, "rule")
        case "stepfunctions", "StartExecution":
            _check_execution_input(parameters.get("input", "{}"))


def _check_trust_policy(document: str) -> None:
    # "IAM and AWS STS quotas" in the IAM User Guide: role trust policy length, by default.
    if _policy_length(document) > _MAX_TRUST_POLICY_CHARACTERS:
        message = f"Cannot exceed quota for ACLSizePerRole: {_MAX_TRUST_POLICY_CHARACTERS}"
        raise InvalidRequestError("LimitExceeded", message)


def _check_boundary(parameters: Mapping[str, Any], account: str) -> None:
    # AWS does not accept a policy that does not exist ("CreateRole" in the IAM API Reference: NoSuchEntity).
    boundary = parameters.get("PermissionsBoundary")
    if boundary and boundary not in iam_backends[account]["aws"].managed_policies:
        message = f"Scope ARN: {boundary} does not exist or is not attachable."
        raise InvalidRequestError("NoSuchEntity", message)


def _check_inline_policies(parameters: Mapping[str, Any], account: str) -> None:
    # Same page: the sum of all inline policies of a role.
    name = parameters["RoleName"]
    roles = list(iam_backends[account]["aws"].roles.values())
    policies = next((dict(role.policies) for role in roles if role.name == name), {})
    policies[parameters["PolicyName"]] = parameters["PolicyDocument"]
    if sum(map(_policy_length, policies.values())) > _MAX_INLINE_POLICY_CHARACTERS:
        message = (
            f"Maximum policy size of {_MAX_INLINE_POLICY_CHARACTERS} bytes exceeded for role {name}"
        )
        raise InvalidRequestError("LimitExceeded", message)


def _policy_length(document: str) -> int:
    """Return the length without white space, as IAM counts it."""
    return len(re.sub(r"\s", "", document))


def _check_role_tags(tags: list[Mapping[str, str]]) -> None:
    # "Tags for IAM resources" in the IAM User Guide. moto rejects keys that differ only in case.
    texts = [text.lower() for tag in tags for text in tag.values()]
    if any(text.startswith("aws:") for text in texts):
        message = "aws: prefixed tag key names are not allowed for external use."
        raise InvalidRequestError("InvalidInput", message)


def _check_environment(variables: Mapping[str, str]) -> None:
    # "Lambda quotas" in the AWS Lambda Developer Guide. AWS adds the variables to the message.
    measured = json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode()
    if len(measured) > _MAX_ENVIRONMENT_BYTES:
        message = (
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided exceeded the 4KB limit."
        )
        raise InvalidRequestError("InvalidParameterValueException", message)


def _check_description(description: str, kind: str) -> None:
    if not SECURITY_GROUP_DESCRIPTION.fullmatch(description):
        message = (
            f"Invalid {kind} description. Valid descriptions are strings less than 256 characters "
            "from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
        )
        raise InvalidRequestError("InvalidParameterValue", message)


def _descriptions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "Description":
                yield inner
            else:
                yield from _descriptions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _descriptions(inner)


def _check_execution_input(text: str) -> None:
    # "StartExecution" in the AWS Step Functions API Reference: the limit in the model is in bytes of UTF-8.
    if len(text.encode()) > _MAX_EXECUTION_INPUT_BYTES:
        message = (
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must "
            f"have length less than or equal to {_MAX_EXECUTION_INPUT_BYTES}"
        )
        raise InvalidRequestError("ValidationException", message)
