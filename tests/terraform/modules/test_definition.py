"""Rules for the definition of every state machine, with all options."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from sandbox.asl import diagnose
from tests.terraform import plans
from tests.terraform.planner import Plan, Planner

Definition = Mapping[str, Any]


def definitions_of(plan: Plan) -> dict[str, Definition]:
    """Return the definitions of a plan's state machines by address."""
    addresses = [address for address in plan.resources if ".aws_sfn_state_machine." in address]
    return {address: plan.definition(address) for address in addresses}


@pytest.fixture(params=plans.NAMES)
def definitions(request: pytest.FixtureRequest, planner: Planner) -> dict[str, Definition]:
    """The definitions in a plan. A target has none."""
    return definitions_of(plans.plan(planner, request.param))


def with_processors(machine: Definition) -> Iterator[Definition]:
    """Yield a state machine, and the state machines in its maps and branches."""
    yield machine
    for state in machine["States"].values():
        inner = [state["ItemProcessor"]] if "ItemProcessor" in state else state.get("Branches", [])
        for processor in inner:
            yield from with_processors(processor)


def following(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the states that may come next."""
    for choice in (state, *state.get("Choices", []), *state.get("Catch", [])):
        if "Next" in choice:
            yield choice["Next"]
    if "Default" in state:
        yield state["Default"]


def reached(machine: Definition) -> set[str]:
    """Return the names of the states that can be reached from the start."""
    names, to_visit = set(), [machine["StartAt"]]
    while to_visit:
        name = to_visit.pop()
        if name not in names:
            names.add(name)
            to_visit += following(machine["States"][name])
    return names


def test_every_combination_of_preliminary_tasks_and_waiting_is_planned(modules_plan: Plan) -> None:
    planned = {
        (machine["StartAt"] != "Trigger MWAA DAG", "Wait for DAG Run" in machine["States"])
        for machine in definitions_of(modules_plan).values()
        if "Trigger MWAA DAG" in machine["States"]
    }

    assert planned == set(product([False, True], repeat=2))


def test_step_functions_accepts_it(definitions: dict[str, Definition]) -> None:
    for machine in definitions.values():
        assert diagnose(json.dumps(machine)) == []


def test_every_state_exists_and_can_be_reached(definitions: dict[str, Definition]) -> None:
    for machine in definitions.values():
        for processor in with_processors(machine):
            assert reached(processor) == set(processor["States"])


def test_every_task_has_a_time_limit_and_retries(definitions: dict[str, Definition]) -> None:
    for machine in definitions.values():
        states = [state for p in with_processors(machine) for state in p["States"].values()]
        tasks = [state for state in states if state["Type"] == "Task"]

        assert tasks
        assert all(task["TimeoutSeconds"] > 0 and task["Retry"] for task in tasks)


def test_all_states_but_preliminary_tasks_use_jsonata(definitions: dict[str, Definition]) -> None:
    """A Succeed state has no query language: cfn-lint refuses one there, although the language allows it."""
    for machine in definitions.values():
        languages = {
            state.get("QueryLanguage", machine.get("QueryLanguage"))
            for state in machine["States"].values()
            if "ResultPath" not in state and state["Type"] != "Succeed"
        }

        assert languages == {"JSONata"}
