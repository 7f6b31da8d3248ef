"""The source account: how the state machine waits for the end of the DAG run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from mwaa_dags_trigger.errors import DagRunFailed, DagRunNotFound, DagRunTimedOut
from mwaa_dags_trigger.request import Check, parse

from tests.terraform.conftest import RunStates, retried_errors
from tests.terraform.planner import SANDBOX, Plan, Planner
from tests.terraform.values import like

TRIGGER, WAIT, CHECK = "Trigger MWAA DAG", "Wait for DAG Run", "Check DAG Run"
ENDED, SUCCEEDED = "DAG Run Ended?", "DAG Run Succeeded"
RUN = {"mwaa_env_name": "etl", "mwaa_dag_name": "demo", "dag_run_id": "r1", "created": True}


@pytest.fixture
def states(modules_plan: Plan) -> dict[str, dict[str, Any]]:
    """The states of a machine that waits, an hour at most."""
    found: dict[str, dict[str, Any]] = modules_plan.definition(
        "module.waiting.aws_sfn_state_machine.this"
    )["States"]
    return found


def shown(output: str) -> dict[str, Any]:
    """Return a state that does nothing but show something."""
    return {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}


def test_after_the_trigger_it_waits_and_looks_until_the_run_has_ended(
    states: dict[str, dict[str, Any]],
) -> None:
    assert states[TRIGGER]["Next"] == WAIT
    assert states[WAIT]["Next"] == CHECK
    assert states[CHECK]["Next"] == ENDED
    assert states[ENDED]["Choices"] == [
        {"Condition": "{% $states.input.final %}", "Next": SUCCEEDED}
    ]
    assert states[ENDED]["Default"] == WAIT
    assert states[SUCCEEDED]["Type"] == "Succeed"


@pytest.mark.parametrize("field", ["Resource", "Credentials", "TimeoutSeconds", "Retry"])
def test_a_look_is_the_same_function_invoked_as_the_same_role(
    field: str, states: dict[str, dict[str, Any]]
) -> None:
    assert states[CHECK][field] == states[TRIGGER][field]
    function = "FunctionName"
    assert states[CHECK]["Arguments"][function] == states[TRIGGER]["Arguments"][function]


@pytest.mark.parametrize("error", [DagRunFailed, DagRunNotFound, DagRunTimedOut])
def test_it_is_the_look_that_fails_so_that_a_redrive_looks_again(
    error: type[Exception], states: dict[str, dict[str, Any]]
) -> None:
    assert error.__name__ not in retried_errors(states[CHECK])
    assert not any("Catch" in state or state["Type"] == "Fail" for state in states.values())


def test_a_look_sends_the_run_and_for_how_long_it_may_be_waited_for(
    states: dict[str, dict[str, Any]], run_states: RunStates
) -> None:
    sent = {**RUN, "triggered_at": "2026-01-01T10:00:00.000Z", "state": "queued"}
    payload = states[CHECK]["Arguments"]["Payload"]

    output = run_states({"StartAt": CHECK, "States": {CHECK: shown(payload)}}, sent)

    request = parse(output)
    assert isinstance(request, Check)
    assert output.pop("execution_arn").startswith("arn:aws:states:eu-central-1:")
    assert datetime.fromisoformat(output.pop("checked_at"))
    assert output == {
        "action": "check",
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "r1",
        "triggered_at": "2026-01-01T10:00:00.000Z",
        "timeout_seconds": 3600,
    }


def answered(state: dict[str, Any]) -> dict[str, Any]:
    """Return a definition that makes the state's output of a function's answer in the input."""
    output = state["Output"].replace("$states.result.Payload", "$states.input.answer")
    return {"StartAt": "Only", "States": {"Only": shown(output)}}


def test_the_trigger_notes_when_it_was_done(
    states: dict[str, dict[str, Any]], run_states: RunStates
) -> None:
    output = run_states(answered(states[TRIGGER]), {"answer": RUN, "status": "a task's result"})

    assert datetime.fromisoformat(output.pop("triggered_at")).tzinfo
    assert output == RUN


def test_a_look_puts_the_runs_facts_to_the_triggers_result(
    states: dict[str, dict[str, Any]], run_states: RunStates
) -> None:
    facts = {"dag_run_id": "r1", "state": "success", "final": True, "duration_seconds": 61.25}

    output = run_states(answered(states[CHECK]), {**RUN, "state": "queued", "answer": facts})

    assert output == {**RUN, **facts, "answer": facts}


# How often --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "seconds", "timeout"), [("waiting", 60, 3600), ("busy_waiting", 30, 7200)]
)
def test_it_looks_every_minute_unless_it_is_told_otherwise(
    machine: str, seconds: int, timeout: int, modules_plan: Plan
) -> None:
    states = modules_plan.definition(f"module.{machine}.aws_sfn_state_machine.this")["States"]

    assert states[WAIT]["Seconds"] == seconds
    assert f"'timeout_seconds': {timeout} " in states[CHECK]["Arguments"]["Payload"]


@pytest.mark.parametrize(("transport", "seconds"), [("cli", 60), ("rest", 15)])
def test_the_root_looks_more_often_over_rest(
    transport: str, seconds: int, planner: Planner, example_plan: Plan
) -> None:
    plan = example_plan
    if transport == "cli":
        variables = {"wait_for_completion": {"timeout_seconds": 3600}}
        plan = planner.plan(workspace="sandbox", var_file=SANDBOX, variables=variables)

    expected = {WAIT: {"Seconds": seconds}}
    assert like(plan.definition()["States"], expected) == expected
