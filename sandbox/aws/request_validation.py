"""Validation of requests against AWS's own models: required members, enums, lengths, patterns and ranges."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regex
from moto.core.model import Shape

from sandbox.aws.api_requests import ApiRequest, InvalidRequestError

# As recorded on AWS. EC2 and S3 have no code that all of their operations share.
_CODES_BY_PROTOCOL = {
    "ec2": "InvalidParameterValue",
    "json": "ValidationException",
    "query": "ValidationError",
    "rest-json": "ValidationException",
    "rest-xml": "InvalidArgument",
}
_CODES_BY_SERVICE = {"logs": "InvalidParameterException"}
# Services whose messages contain the member, but not its value.
_SERVICES_WITHOUT_VALUES = frozenset({"iam"})

_COLLECTIONS = frozenset({"list", "map", "structure"})
_NUMBERS = frozenset({"double", "float", "integer", "long"})


@dataclass(frozen=True)
class _Constraint:
    """A constraint of a value, in the wording of AWS."""

    text: str
    is_satisfied: Callable[[Any], bool]


@dataclass(frozen=True)
class _Violation:
    """A violated constraint of a member. `value` is None if the model marks it as sensitive."""

    member: str
    constraint: str
    value: str | None

    def describe(self, *, with_value: bool) -> str:
        """Return the message in the wording of AWS."""
        value = f" {self.value}" if with_value and self.value is not None else ""
        return f"Value{value} at '{self.member}' failed to satisfy constraint: {self.constraint}"


def validate(request: ApiRequest) -> None:
    """Raise `InvalidRequestError` if the request violates the model of its operation."""
    shape = request.operation.input_shape
    violations = list(_violations(request.parameters, shape, "")) if shape else []
    if not violations:
        return
    code = _CODES_BY_SERVICE.get(request.service, _CODES_BY_PROTOCOL[request.protocol])
    errors = "errors" if len(violations) > 1 else "error"
    with_value = request.service not in _SERVICES_WITHOUT_VALUES
    described = "; ".join(violation.describe(with_value=with_value) for violation in violations)
    raise InvalidRequestError(code, f"{len(violations)} validation {errors} detected: {described}")


def _violations(value: Any, shape: Shape, member: str) -> Iterator[_Violation]:
    def violation(constraint: str) -> _Violation:
        sensitive = shape.metadata.get("sensitive")
        return _Violation(member, constraint, None if sensitive else f"'{_show(value, shape)}'")

    def inner_violations(kind: str, items: Mapping[str, Any], inner: Shape) -> Iterator[_Violation]:
        if inner.type_name in _COLLECTIONS:
            for name, item in items.items():
                yield from _violations(item, inner, f"{member}.{name}.member")
            return
        # AWS shows the whole collection, and all constraints of its items.
        constraints = _constraints(inner)
        if not all(each.is_satisfied(item) for each in constraints for item in items.values()):
            texts = ", ".join(each.text for each in constraints)
            yield violation(f"{kind} must satisfy constraint: [{texts}]")

    if shape.type_name == "string" and not isinstance(value, str):
        # AWS has a different message for each pair of types.
        yield violation("Member must be a string")
        return
    for constraint in _constraints(shape):
        if not constraint.is_satisfied(value):
            yield violation(constraint.text)
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            for name in shape.required_members:
                if name not in value:
                    yield _Violation(_path(member, name), "Member must not be null", "null")
            for name, item in value.items():
                yield from _violations(item, shape.members[name], _path(member, name))
        case "list":
            items = {str(number): item for number, item in enumerate(value, 1)}
            yield from inner_violations("Member", items, shape.member)
        case "map":
            yield from inner_violations("Map keys", {key: key for key in value}, shape.key)
            yield from inner_violations("Map value", value, shape.value)


def _path(member: str, name: str) -> str:
    name = name[0].lower() + name[1:]
    return f"{member}.{name}" if member else name


def _constraints(shape: Shape) -> list[_Constraint]:
    found: list[_Constraint] = []
    metadata = shape.metadata
    is_number = shape.type_name in _NUMBERS
    measure: Callable[[Any], float] = float if is_number else _length
    measured = "value" if is_number else "length"
    if (maximum := metadata.get("max")) is not None:
        text = f"Member must have {measured} less than or equal to {maximum}"
        found.append(_Constraint(text, lambda value: measure(value) <= maximum))
    if (minimum := metadata.get("min")) is not None:
        text = f"Member must have {measured} greater than or equal to {minimum}"
        found.append(_Constraint(text, lambda value: measure(value) >= minimum))
    if enum := metadata.get("enum"):
        text = f"Member must satisfy enum value set: [{', '.join(enum)}]"
        found.append(_Constraint(text, lambda value: value in enum))
    if pattern := metadata.get("pattern"):
        text = f"Member must satisfy regular expression pattern: {pattern}"
        found.append(_Constraint(text, lambda value: bool(_compile(pattern).fullmatch(str(value)))))
    return found


def _length(value: Any) -> int:
    return len(value) if isinstance(value, bytes | dict | list) else len(str(value))


@functools.cache
def _compile(pattern: str) -> regex.Pattern[str]:
    # In Java, `\w` and `\d` are ASCII.
    return regex.compile(pattern, 0 if r"\p" in pattern else regex.ASCII)


def _show(value: Any, shape: Shape) -> str:
    """Return the value as Java formats it, without values that the model marks as sensitive."""
    if shape.metadata.get("sensitive"):
        return "*** Sensitive Data Redacted ***"
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            shown = (
                f"{_path('', name)}={_show(item, shape.members[name])}"
                for name, item in value.items()
            )
            return f"{shape.name}({', '.join(shown)})"
        case "list":
            return f"[{', '.join(_show(item, shape.member) for item in value)}]"
        case "map":
            shown = (
                f"{_show(key, shape.key)}={_show(item, shape.value)}" for key, item in value.items()
            )
            return f"{{{', '.join(shown)}}}"
        case _:
            return str(value)
