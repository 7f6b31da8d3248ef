"""The source account: how the state machine waits until the DAG run ends."""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pytest
from mwaa_dags_trigger.errors import DagRunFailed, DagRunNotFound, DagRunTimedOut
from mwaa_dags_trigger.request import Check, parse

from tests.support.clock import Clock
from tests.support.local_aws.skipped_waits import skip_waits
from tests.support.local_aws.state_machines import Machines
from tests.support.polling import MIN_INTERVALS, poll_times
from tests.terraform.conftest import RunStates, retried_errors
from tests.terraform.planner import Plan
from tests.terraform.validation.cases_source import LONGEST_TIMEOUTS, MAX_POLLS

TRIGGER, WAIT, CHECK = "Trigger MWAA DAG", "Wait for DAG Run", "Check DAG Run"
ENDED, SUCCEEDED = "DAG Run Ended?", "DAG Run Succeeded"
RUN = {"mwaa_env_name": "etl", "mwaa_dag_name": "demo", "dag_run_id": "r1", "created": True}


@pytest.fixture
def states(modules_plan: Plan) -> dict[str, dict[str, Any]]:
    """The states of a state machine that waits for at most an hour."""
    found: dict[str, dict[str, Any]] = modules_plan.definition(
        "module.waiting.aws_sfn_state_machine.this"
    )["States"]
    return found


def shown(output: str) -> dict[str, Any]:
    """Return a state that only shows a value."""
    return {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}


def test_after_the_trigger_it_waits_and_polls_until_the_run_has_ended(
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
def test_a_poll_invokes_the_same_function_with_the_same_role(
    field: str, states: dict[str, dict[str, Any]]
) -> None:
    assert states[CHECK][field] == states[TRIGGER][field]
    function = "FunctionName"
    assert states[CHECK]["Arguments"][function] == states[TRIGGER]["Arguments"][function]


@pytest.mark.parametrize("error", [DagRunFailed, DagRunNotFound, DagRunTimedOut])
def test_the_poll_itself_fails_so_that_a_redrive_polls_again(
    error: type[Exception], states: dict[str, dict[str, Any]]
) -> None:
    assert error.__name__ not in retried_errors(states[CHECK])
    assert not any("Catch" in state or state["Type"] == "Fail" for state in states.values())


def test_a_poll_sends_the_dag_run_and_the_timeout(
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
    """Return a definition that creates the output of the state from a response of the function in the input."""
    output = state["Output"].replace("$states.result.Payload", "$states.input.answer")
    return {"StartAt": "Only", "States": {"Only": shown(output)}}


def test_the_trigger_stores_its_time(
    states: dict[str, dict[str, Any]], run_states: RunStates
) -> None:
    output = run_states(answered(states[TRIGGER]), {"answer": RUN, "status": "a task's result"})

    assert datetime.fromisoformat(output.pop("triggered_at")).tzinfo
    assert output == RUN


def test_a_poll_merges_the_state_of_the_dag_run_into_the_result_of_the_trigger(
    states: dict[str, dict[str, Any]], run_states: RunStates
) -> None:
    facts = {"dag_run_id": "r1", "state": "success", "final": True, "duration_seconds": 61.25}

    output = run_states(answered(states[CHECK]), {**RUN, "state": "queued", "answer": facts})

    assert output == {**RUN, **facts, "answer": facts}


# Intervals --------------------------------------------------------------------------------------

FOUR_HOURS, DAY = 4 * 3600, 24 * 3600
TRANSPORTS = tuple(MIN_INTERVALS)


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def default_states(
    transport: str, modules_plan: Plan, example_plan: Plan
) -> dict[str, dict[str, Any]]:
    """The states of a machine without `poll_interval_seconds`. Over REST, they come from the root configuration."""
    definitions = {
        "cli": modules_plan.definition("module.waiting.aws_sfn_state_machine.this"),
        "rest": example_plan.definition(),
    }
    found: dict[str, dict[str, Any]] = definitions[transport]["States"]
    return found


def passing_on(output: str, following: str) -> dict[str, Any]:
    """Return a state that passes a value to the next state."""
    return {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "Next": following}


def test_the_interval_grows_with_the_time_waited(
    transport: str, default_states: dict[str, dict[str, Any]], machines: Machines
) -> None:
    final = f"$millis() - $toMillis($states.input.triggered_at) >= {FOUR_HOURS * 1000}"
    states = {
        TRIGGER: passing_on("{% {'triggered_at': $now()} %}", WAIT),
        CHECK: passing_on(f"{{% $merge([$states.input, {{'final': {final}}}]) %}}", ENDED),
        **{name: default_states[name] for name in (WAIT, ENDED, SUCCEEDED)},
    }
    clock = Clock()

    with skip_waits(clock):
        execution = machines.execute(machines.create("machine", states))

    assert execution["status"] == "SUCCEEDED"
    assert [*accumulate(clock.pauses)] == poll_times(FOUR_HOURS, MIN_INTERVALS[transport])


def test_poll_interval_seconds_fixes_the_interval(modules_plan: Plan) -> None:
    definition = modules_plan.definition("module.busy_waiting.aws_sfn_state_machine.this")

    assert definition["States"][WAIT]["Seconds"] == 30


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        pytest.param(600, 16, id="ten-minutes"),
        pytest.param(FOUR_HOURS, 65, id="four-hours"),
        pytest.param(DAY, 310, id="day"),
    ],
)
def test_there_are_few_polls(seconds: int, most: int, transport: str) -> None:
    assert len(poll_times(seconds, MIN_INTERVALS[transport])) <= most


def test_the_end_of_a_dag_run_is_found_after_a_quarter_of_its_duration_and_at_most_five_minutes(
    transport: str,
) -> None:
    first = MIN_INTERVALS[transport]
    before, *polls = [0, *poll_times(DAY, first)]
    for poll in polls:
        assert poll - before <= max(first, min(before / 4, 300))
        before = poll


def test_after_a_redrive_the_interval_starts_again(
    transport: str, default_states: dict[str, dict[str, Any]], machines: Machines
) -> None:
    fails_first = "$states.context.Execution.RedriveCount = 0 ? $error() : $states.input"
    states = {
        CHECK: passing_on(f"{{% {fails_first} %}}", WAIT),
        WAIT: shown(default_states[WAIT]["Seconds"]),
    }
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)

    failed = machines.execute(
        machines.create("machine", states), {"triggered_at": an_hour_ago.isoformat()}
    )
    redriven = machines.redrive(failed["executionArn"])

    assert failed["status"] == "FAILED"
    assert json.loads(redriven["output"]) == MIN_INTERVALS[transport]


def test_the_longest_timeout_of_the_plan_counts_every_poll_and_at_most_one_too_many(
    transport: str,
) -> None:
    """`polling.tf` of modules/source contains a closed form, because Terraform has no loops."""
    longest = LONGEST_TIMEOUTS[transport]
    polls = poll_times(longest, MIN_INTERVALS[transport])

    for timeout in range(1200, longest, 97):
        planned = MAX_POLLS - (longest - timeout) // 300
        assert planned - 1 <= bisect_left(polls, timeout) + 1 <= planned, timeout


def test_a_timeout_of_nine_days_is_accepted() -> None:
    assert min(LONGEST_TIMEOUTS.values()) >= 9 * DAY
