"""Requests of Step Functions that moto does not implement, or implements differently."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from sandbox.asl import Diagnostic, diagnose
from sandbox.aws.api_requests import InvalidRequestError

# "CreateStateMachine" in the AWS Step Functions API Reference.
_MAX_DEFINITION_BYTES = 1_048_576


def validate_definition(request: dict[str, Any]) -> dict[str, Any]:
    """Respond to ValidateStateMachineDefinition, which the Terraform provider calls at plan. moto does not have it."""
    diagnostics = _diagnose(request["definition"])
    if not diagnostics:
        try:
            # Reject a definition that moto does not support at plan already, not at apply.
            AmazonStateLanguageParser.parse(request["definition"])
        except Exception as error:  # noqa: BLE001 - the parser raises exceptions of many types
            diagnostics = [Diagnostic("SCHEMA_VALIDATION_FAILED", str(error))]
    return {
        "result": "FAIL" if diagnostics else "OK",
        "diagnostics": [
            {"severity": "ERROR", **{name: text for name, text in asdict(found).items() if text}}
            for found in diagnostics
        ],
        "truncated": False,
    }


def reject_definition(request: dict[str, Any]) -> None:
    """Reject a CreateStateMachine or UpdateStateMachine with an invalid definition. moto processes the others."""
    diagnostics = _diagnose(request["definition"]) if "definition" in request else []
    if diagnostics:
        reasons = ", ".join(map(str, diagnostics))
        raise InvalidRequestError(
            "InvalidDefinition", f"Invalid State Machine Definition: '{reasons}'"
        )


def _diagnose(definition: str) -> list[Diagnostic]:
    if len(definition.encode()) > _MAX_DEFINITION_BYTES:
        raise InvalidRequestError(
            "ValidationException",
            "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MAX_DEFINITION_BYTES}",
        )
    return diagnose(definition)


def list_versions(_: dict[str, Any]) -> dict[str, Any]:
    """Return no versions. The Terraform provider calls ListStateMachineVersions at apply. moto does not have it."""
    return {"stateMachineVersions": []}


def reject_list(request: dict[str, Any]) -> None:
    """Reject a ListExecutions with neither or both of the ARNs ("ListExecutions" in the API Reference)."""
    if ("mapRunArn" in request) == ("stateMachineArn" in request):
        raise InvalidRequestError(
            "ValidationException", "Specify either mapRunArn or stateMachineArn, but not both."
        )


def name_execution(request: dict[str, Any]) -> dict[str, Any]:
    """Generate a name for an execution without a name, as AWS does. moto uses the name `None`."""
    return {"name": str(uuid.uuid4()), **request}


def switch_tracing_off(request: dict[str, Any]) -> dict[str, Any]:
    """Add `enabled` to an UpdateStateMachine with an empty tracing configuration.

    The Terraform provider omits the value false. AWS then disables tracing, whereas moto does not change it.
    """
    if request.get("tracingConfiguration") == {}:
        return {**request, "tracingConfiguration": {"enabled": False}}
    return request


COMPLETED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "StartExecution": name_execution,
    "UpdateStateMachine": switch_tracing_off,
}
"""Functions that add what moto requires to a request, by action."""

ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "CreateStateMachine": reject_definition,
    "ListExecutions": reject_list,
    "ListStateMachineVersions": list_versions,
    "UpdateStateMachine": reject_definition,
    "ValidateStateMachineDefinition": validate_definition,
}
"""Functions that respond to or reject a request, by action. If one returns None, moto processes the request."""
