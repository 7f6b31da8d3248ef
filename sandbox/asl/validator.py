"""Diagnostics of a state machine definition, in the form that Step Functions returns."""

from __future__ import annotations

import functools
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import npm
from sandbox.node import NodeScript
from tools.paths import BUILD

_HERE = Path(__file__).parent
_SCHEMA = "SCHEMA_VALIDATION_FAILED"
_CODES = {
    "DUPLICATE_STATE_NAMES": "DUPLICATE_STATE_NAME",
    "MISSING_TERMINAL_STATE": "MISSING_END_STATE",
    "MISSING_TRANSITION_TARGET": "MISSING_TRANSITION_TARGET",
}
"""Codes of AWS by codes of asl-validator ("ValidateStateMachineDefinitionDiagnostic" in the AWS Step Functions
API Reference). AWS reports everything else as a violation of its schema."""

_MAX_SECONDS = 99_999_999
"""The longest wait and time limit ("Wait workflow state" in the AWS Step Functions Developer Guide).
aws-cloudformation/cfn-lint#4075 quotes the wording of AWS."""


@dataclass(frozen=True)
class Diagnostic:
    """A reason why Step Functions rejects a definition.

    Parameters
    ----------
    code
        One of AWS's error codes.
    location
        Path of the state or field, such as `/States/Wait/Seconds`; empty if unknown.
    """

    code: str
    message: str
    location: str = ""

    def __str__(self) -> str:
        at = f" at {self.location}" if self.location else ""
        return f"{self.code}: {self.message}{at}"


def diagnose(definition: str) -> list[Diagnostic]:
    """Return the reasons why Step Functions rejects a definition, or an empty list."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [Diagnostic("INVALID_JSON_DESCRIPTION", str(error))]
    if not isinstance(machine, dict):
        # Recorded on AWS: test_sfn_api_validation.snapshot.json of localstack/localstack.
        return [Diagnostic(_SCHEMA, "Definition must be a valid JSON object")]
    errors = _validator().request(machine)
    return [_diagnostic(error) for error in errors] or list(_beyond_the_schema(machine))


def _diagnostic(error: Mapping[str, Any]) -> Diagnostic:
    location = error.get("schemaError", {}).get("instancePath", "")
    return Diagnostic(
        _CODES.get(error.get("Error code", ""), _SCHEMA),
        error["Message"].removeprefix(f"{location} is invalid. "),
        location,
    )


def _beyond_the_schema(definition: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield violations that asl-validator does not detect, in a definition that it accepts."""
    jsonata = definition.get("QueryLanguage") == "JSONata"
    for path, machine in _machines(definition):
        yield from _seconds(path, machine)
        yield from _targets(machine["States"], path, [("StartAt", machine["StartAt"])])
        for name, state in machine["States"].items():
            location = f"{path}/States/{name}"
            yield from _seconds(location, state)
            yield from _targets(machine["States"], location, _transitions(state))
            if jsonata and state.get("QueryLanguage") == "JSONPath":
                # Recorded on AWS, as above.
                message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
                yield Diagnostic(_SCHEMA, message, location)


def _seconds(location: str, state: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for field in ("HeartbeatSeconds", "Seconds", "TimeoutSeconds"):
        seconds = state.get(field)
        if isinstance(seconds, (int, float)) and seconds > _MAX_SECONDS:
            yield Diagnostic(_SCHEMA, f"Maximum value is {_MAX_SECONDS}", f"{location}/{field}")


def _targets(
    states: Container[str], location: str, transitions: Iterable[tuple[str, str]]
) -> Iterator[Diagnostic]:
    """Yield transitions out of a map or branch. asl-validator accepts any state of the state machine."""
    for field, target in transitions:
        if target not in states:
            message = f"Missing 'Next' target: {target}"
            yield Diagnostic("MISSING_TRANSITION_TARGET", message, f"{location}/{field}")


def _transitions(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each field with a transition, and the name of the next state."""
    for field in ("Default", "Next"):
        if field in state:
            yield field, state[field]
    for field in ("Catch", "Choices"):
        for number, rule in enumerate(state.get(field, [])):
            yield f"{field}[{number}]/Next", rule["Next"]


def _machines(
    machine: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the state machine and the nested state machines of maps and branches, with their locations."""
    yield path, machine
    for name, state in machine["States"].items():
        location = f"{path}/States/{name}"
        for field in ("ItemProcessor", "Iterator"):
            if field in state:
                yield from _machines(state[field], f"{location}/{field}")
        for number, branch in enumerate(state.get("Branches", [])):
            yield from _machines(branch, f"{location}/Branches[{number}]")


@functools.cache
def _validator() -> NodeScript:
    packages = BUILD / "asl"
    npm.install(_HERE, packages)
    return NodeScript(_HERE / "validate.mjs", packages)
