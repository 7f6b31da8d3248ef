"""What the definition of every state machine has to be, whatever its options."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import npm
from tests.terraform.planner import Plan
from tools.paths import BUILD

HERE = Path(__file__).parent / "asl"
Definition = dict[str, Any]
MACHINES = ["plain", "busy", "waiting", "busy_waiting"]
"""With and without preliminary tasks, with and without `wait_for_completion`."""


@pytest.fixture(params=MACHINES)
def definition(request: pytest.FixtureRequest, modules_plan: Plan) -> Definition:
    found: Definition = modules_plan.definition(
        f"module.{request.param}.aws_sfn_state_machine.this"
    )
    return found


def problems(*definitions: Definition) -> list[str]:
    """Return what asl-validator has against each."""
    directory = BUILD / "asl"
    npm.install(HERE, directory)
    done = subprocess.run(
        [npm.node(), HERE / "validate.mjs", directory],
        input=json.dumps(definitions),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


def following(state: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the states that may come next."""
    for choice in (state, *state.get("Choices", []), *state.get("Catch", [])):
        if "Next" in choice:
            yield choice["Next"]
    if "Default" in state:
        yield state["Default"]


def reached(definition: Definition) -> set[str]:
    """Return the names of the states to which a way leads from the start."""
    names, to_visit = set(), [definition["StartAt"]]
    while to_visit:
        name = to_visit.pop()
        if name not in names:
            names.add(name)
            to_visit += following(definition["States"][name])
    return names


def test_a_validator_takes_it(definition: Definition) -> None:
    assert problems(definition) == [""]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda states: states["Check DAG Run"].pop("Resource"), id="no resource"),
        pytest.param(lambda states: states["Wait for DAG Run"].update(Next="x"), id="no state"),
        pytest.param(lambda states: states["Check DAG Run"].update(Output="{% 1 + %}"), id="query"),
    ],
)
def test_the_validator_finds_what_is_wrong(
    spoil: Callable[[dict[str, Any]], object], modules_plan: Plan
) -> None:
    spoiled = modules_plan.definition("module.waiting.aws_sfn_state_machine.this")
    spoil(spoiled["States"])

    assert problems(spoiled) != [""]


def test_every_state_is_there_and_a_way_leads_to_it(definition: Definition) -> None:
    assert reached(definition) == set(definition["States"])


def test_every_task_has_a_time_limit_and_retries(definition: Definition) -> None:
    tasks = [state for state in definition["States"].values() if state["Type"] == "Task"]

    assert tasks
    assert all(task["TimeoutSeconds"] > 0 and task["Retry"] for task in tasks)


def test_own_states_are_of_one_query_language(definition: Definition) -> None:
    own = [state for state in definition["States"].values() if "ResultPath" not in state]

    assert {state["QueryLanguage"] for state in own} == {"JSONata"}
