"""The local Step Functions rejects the same definitions as AWS, when it validates, creates or updates."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines

Refusal = Callable[[str], tuple[str, str]]

END = {"Type": "Pass", "End": True}
LONGEST_NAME = "s" * 80
MAX_BYTES = 1_048_576


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def task(**fields: Any) -> dict[str, Any]:
    function = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"
    return machine(A={"Type": "Task", "Resource": function, "End": True, **fields})


def map_of(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": processor, **(fields or {"End": True})}


def choice(then: str) -> dict[str, Any]:
    rule = {"Variable": "$.a", "IsPresent": True, "Next": then}
    return {"Type": "Choice", "Choices": [rule], "Default": "D"}


def wait(seconds: int) -> dict[str, Any]:
    return machine(W={"Type": "Wait", "Seconds": seconds, "End": True})


def parallel(*branches: dict[str, Any]) -> dict[str, Any]:
    return machine(P={"Type": "Parallel", "Branches": branches, "End": True})


def definition_of_size(size: int) -> str:
    """Return a valid definition with this number of bytes and fewer characters."""
    definition = json.dumps({"Comment": "ä", **machine(A=END)}, ensure_ascii=False)
    return definition.replace("ä", "ä" + "a" * (size - len(definition.encode())))


@dataclass(frozen=True)
class Invalid:
    """A definition that AWS rejects, with the code and location of one diagnostic."""

    definition: object
    code: str = "SCHEMA_VALIDATION_FAILED"
    location: str | None = None


VALID = {
    "longest name": machine(**{LONGEST_NAME: END}),
    "both languages": machine(
        A={"Type": "Pass", "Next": "B"}, B={**END, "QueryLanguage": "JSONata", "Output": "{% 1 %}"}
    ),
    "two processors": machine(
        A=map_of(machine(B=END), Next="C"),
        C=map_of(machine(D=END)),
    ),
    "half a percent": machine(A=map_of(machine(B=END), End=True, ToleratedFailurePercentage=0.5)),
    "longest wait": wait(99_999_999),
    "reference path": task(ResultPath="$.a['b c'][0]"),
}
INVALID = {
    "invalid JSON": Invalid("{", "INVALID_JSON_DESCRIPTION"),
    "list instead of an object": Invalid([]),
    "null instead of a state": Invalid({"StartAt": "A", "States": {"A": None}}),
    "no states": Invalid({"StartAt": "A"}),
    "unknown start": Invalid({**machine(A=END), "StartAt": "B"}, "MISSING_TRANSITION_TARGET"),
    "unknown next state": Invalid(
        machine(A={"Type": "Pass", "Next": "B"}, C=END), "MISSING_TRANSITION_TARGET"
    ),
    "unreachable state": Invalid(machine(A=END, B=END), "MISSING_TRANSITION_TARGET"),
    "transition out of a processor": Invalid(
        machine(A=map_of(machine(B=choice("C"), D=END), Next="C"), C=END),
        "MISSING_TRANSITION_TARGET",
        "/States/A/ItemProcessor/States/B/Choices[0]/Next",
    ),
    "start outside of the processor": Invalid(
        machine(A=map_of({**machine(B=choice("B"), D=END), "StartAt": "C"}, Next="C"), C=END),
        "MISSING_TRANSITION_TARGET",
        "/States/A/ItemProcessor/StartAt",
    ),
    "no end": Invalid(machine(A={"Type": "Pass", "Next": "A"}), "MISSING_END_STATE"),
    "unknown type": Invalid(machine(A={"Type": "Nothing", "End": True}), location="/States/A/Type"),
    "unknown field": Invalid(machine(A={**END, "Note": 1}), location="/States/A"),
    "name too long": Invalid(machine(**{f"{LONGEST_NAME}s": END}), location="/States"),
    "name of two lines": Invalid(machine(**{"a\nb": END}), location="/States"),
    "name in a processor and outside": Invalid(
        machine(A=map_of(machine(A=END))), "DUPLICATE_STATE_NAME"
    ),
    "name in two processors": Invalid(
        machine(A=map_of(machine(B=END), Next="C"), C=map_of(machine(B=END))),
        "DUPLICATE_STATE_NAME",
    ),
    "name in two branches": Invalid(
        parallel(machine(B=END), machine(B=END)), "DUPLICATE_STATE_NAME"
    ),
    **{
        f"result path {path}": Invalid(task(ResultPath=path), location="/States/A/ResultPath")
        for path in ("$.", "$.a b", "$.a[*]", "$.a..b")
    },
    "JSONata that cannot be parsed": Invalid(
        machine(A={**END, "QueryLanguage": "JSONata", "Output": "{% 1 + %}"}),
        location="/States/A/Output",
    ),
    "JSONPath under JSONata": Invalid(
        {"QueryLanguage": "JSONata", **machine(A={**END, "QueryLanguage": "JSONPath"})},
        location="/States/A",
    ),
    "wait too long": Invalid(wait(100_000_000), location="/States/W/Seconds"),
    "wait too long in a branch of a processor": Invalid(
        machine(A=map_of(parallel(wait(100_000_000)))),
        location="/States/A/ItemProcessor/States/P/Branches[0]/States/W/Seconds",
    ),
    "timeout too long": Invalid(
        task(TimeoutSeconds=100_000_000), location="/States/A/TimeoutSeconds"
    ),
    "execution too long": Invalid(
        {"TimeoutSeconds": 100_000_000, **machine(A=END)}, location="/TimeoutSeconds"
    ),
}


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with AwsServer() as aws:
        yield Machines(Account(aws.url, SOURCE_ACCOUNT))


@pytest.fixture(scope="module")
def existing(machines: Machines) -> str:
    """The ARN of a state machine that can be updated."""
    return machines.create("existing", {"A": END})


@pytest.fixture(params=["create", "update"])
def refusal(request: pytest.FixtureRequest, machines: Machines, existing: str) -> Refusal:
    """Creates or updates a state machine, and returns the code and message of the error."""
    states = machines.account.states
    role = states.describe_state_machine(stateMachineArn=existing)["roleArn"]
    changes: dict[str, Callable[..., Any]] = {
        "create": partial(states.create_state_machine, name="new", roleArn=role),
        "update": partial(states.update_state_machine, stateMachineArn=existing),
    }

    def refuse(definition: str) -> tuple[str, str]:
        with pytest.raises(ClientError) as refused:
            changes[request.param](definition=definition)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    return refuse


def as_text(definition: object) -> str:
    return definition if isinstance(definition, str) else json.dumps(definition)


@pytest.mark.parametrize("name", VALID)
def test_a_valid_definition_has_no_diagnostics(machines: Machines, name: str) -> None:
    response = machines.account.states.validate_state_machine_definition(
        definition=as_text(VALID[name])
    )

    assert (response["result"], response["diagnostics"]) == ("OK", [])


@pytest.mark.parametrize("name", INVALID)
def test_the_validation_of_an_invalid_definition_returns_its_diagnostic(
    machines: Machines, name: str
) -> None:
    invalid = INVALID[name]

    response = machines.account.states.validate_state_machine_definition(
        definition=as_text(invalid.definition)
    )

    assert response["result"] == "FAIL"
    found = [(d["severity"], d["code"], d.get("location")) for d in response["diagnostics"]]
    assert ("ERROR", invalid.code, invalid.location) in found


@pytest.mark.parametrize("name", INVALID)
def test_the_error_for_an_invalid_definition_contains_its_diagnostic(
    refusal: Refusal, name: str
) -> None:
    invalid = INVALID[name]

    code, message = refusal(as_text(invalid.definition))

    assert code == "InvalidDefinition"
    assert message.startswith("Invalid State Machine Definition: '")
    assert f"{invalid.code}: " in message
    assert f" at {invalid.location}" in message or invalid.location is None


def test_the_validation_fails_for_an_unknown_service(machines: Machines) -> None:
    response = machines.account.states.validate_state_machine_definition(
        definition=json.dumps(task(Resource="arn:aws:states:::nothing:atAll"))
    )

    assert response["result"] == "FAIL"


def test_a_definition_of_1_mib_is_valid(machines: Machines) -> None:
    response = machines.account.states.validate_state_machine_definition(
        definition=definition_of_size(MAX_BYTES)
    )

    assert response["result"] == "OK"


def test_a_definition_of_more_than_1_mib_is_rejected(refusal: Refusal) -> None:
    code, message = refusal(definition_of_size(MAX_BYTES + 1))

    assert code == "ValidationException"
    assert str(MAX_BYTES) in message


def test_an_update_without_a_definition_is_accepted(machines: Machines, existing: str) -> None:
    response = machines.account.states.update_state_machine(
        stateMachineArn=existing, tracingConfiguration={"enabled": True}
    )

    assert response["updateDate"]
