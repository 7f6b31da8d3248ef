"""Alarms fire for the failures that they watch, in time.

The local AWS records no metrics and evaluates no alarms, so these tests evaluate the planned alarms themselves.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any

import pytest
from mwaa_dags_trigger import errors

from sandbox.aws.accounts import REGION
from tests.faults.state_machine import Retries
from tests.terraform.examples import plan_example
from tests.terraform.planner import Plan, Planner
from tools.paths import PROJECT

HOUR = 3600
ENVIRONMENT_NOT_READY = "EnvironmentNotReady"


@pytest.fixture(scope="session")
def plan(planner: Planner) -> Plan:
    """The example with every option."""
    return plan_example(planner, "complete")


@pytest.fixture(scope="session")
def alarms(plan: Plan) -> dict[str, dict[str, Any]]:
    """The planned alarms by their names."""
    return {
        values["alarm_name"].removeprefix("data-onboarding-"): values
        for address, values in plan.resources.items()
        if ".aws_cloudwatch_metric_alarm." in address
    }


def fires(alarm: dict[str, Any], data: Iterable[tuple[float, float]], *, until: float) -> bool:
    """Return whether an alarm fires for data of (second, value) until the given second.

    Periods without data count as `treat_missing_data` says ("Configuring how CloudWatch alarms treat missing data").
    """
    statistics: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}
    operators = {"GreaterThanOrEqualToThreshold": operator.ge, "LessThanThreshold": operator.lt}
    combine = statistics[alarm["statistic"]]
    compare = operators[alarm["comparison_operator"]]
    periods: list[list[float]] = [[] for _ in range(math.ceil(until / alarm["period"]))]
    for second, value in data:
        periods[int(second / alarm["period"])].append(value)
    missing = alarm["treat_missing_data"] == "breaching"
    breaching = [
        compare(combine(period), alarm["threshold"]) if period else missing for period in periods
    ]
    length = alarm["evaluation_periods"]
    needed = alarm.get("datapoints_to_alarm") or length
    windows = [breaching[end - length : end] for end in range(length, len(breaching) + 1)]
    assert windows, "the data must cover all evaluated periods"
    return any(sum(window) >= needed for window in windows)


def attempts(plan: Plan, error: str) -> list[float]:
    """Return the seconds at which one execution invokes the function if each attempt fails after 10 s."""
    state = plan.definition()["States"]["Trigger MWAA DAG"]
    retries = Retries(state, lambda longest: longest / 2)
    delays = iter(lambda: retries.delay(error), None)
    return [0.0, *accumulate(delay + 10 for delay in delays if delay is not None)]


def events(seconds: Iterable[float]) -> list[tuple[float, float]]:
    return [(second, 1) for second in seconds]


@pytest.mark.parametrize(
    "name",
    [
        "access-denied",
        "batch-aborted",
        "batch-failed",
        "batch-timed-out",
        "execution-failed",
        "execution-timed-out",
        "function-import-failed",
    ],
)
def test_a_single_event_fires(alarms: dict[str, dict[str, Any]], name: str) -> None:
    assert fires(alarms[name], events([30]), until=HOUR)
    assert not fires(alarms[name], [], until=HOUR)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("environment-not-ready", ENVIRONMENT_NOT_READY),
        ("function-throttled", "Lambda.TooManyRequestsException"),
        ("outcomes-unknown", "OutcomeUnknown"),
    ],
)
def test_the_retries_of_one_execution_fire_before_it_fails(
    alarms: dict[str, dict[str, Any]], plan: Plan, name: str, error: str
) -> None:
    seconds = attempts(plan, error)
    until = max(seconds[-1], HOUR / 4)

    assert fires(alarms[name], events(seconds), until=until)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        pytest.param("environment-not-ready", range(0, 900, 60), id="environment-not-ready"),
        pytest.param("function-throttled", range(0, 600, 30), id="function-throttled"),
        pytest.param("outcomes-unknown", range(0, 400, 100), id="outcomes-unknown"),
    ],
)
def test_a_short_disturbance_does_not_fire(
    alarms: dict[str, dict[str, Any]], name: str, seconds: Iterable[int]
) -> None:
    assert not fires(alarms[name], events(seconds), until=HOUR)


@pytest.mark.parametrize(
    ("milliseconds", "fired"),
    [
        pytest.param([99_000, 20_000, 99_000, 20_000, 99_000], True, id="three slow periods"),
        pytest.param([99_000, 20_000, 20_000, 20_000, 99_000], False, id="two slow periods"),
        pytest.param([95_000] * 5, False, id="below 80 % of the timeout of 120 s"),
    ],
)
def test_slow_invocations_fire_once_they_are_frequent(
    alarms: dict[str, dict[str, Any]], milliseconds: list[float], fired: bool
) -> None:
    data = [(300.0 * number, value) for number, value in enumerate(milliseconds)]

    assert fires(alarms["function-slow"], data, until=1500) is fired


@pytest.mark.parametrize(
    ("successes", "fired"),
    [
        pytest.param([], True, id="none"),
        pytest.param([HOUR, 27 * HOUR], True, id="26 hours apart"),
        pytest.param([HOUR, 25 * HOUR], False, id="a day apart"),
    ],
)
def test_a_schedule_that_stopped_fires(
    alarms: dict[str, dict[str, Any]], successes: list[float], fired: bool
) -> None:
    until = 30 * HOUR

    assert fires(alarms["no-execution-succeeded"], events(successes), until=until) is fired


def test_alarms_watch_the_state_machines_and_the_alias(alarms: dict[str, dict[str, Any]]) -> None:
    machine = f"arn:aws:states:{REGION}:111111111111:stateMachine:data-onboarding"
    watched = {
        name: (alarm["namespace"], alarm["metric_name"], alarm["dimensions"])
        for name, alarm in alarms.items()
    }
    alias = {"FunctionName": "data-onboarding", "Resource": "data-onboarding:live"}

    assert watched == {
        **{
            name: ("AWS/States", metric, {"StateMachineArn": arn})
            for name, metric, arn in [
                ("batch-aborted", "ExecutionsAborted", f"{machine}-batch"),
                ("batch-failed", "ExecutionsFailed", f"{machine}-batch"),
                ("batch-timed-out", "ExecutionsTimedOut", f"{machine}-batch"),
                ("execution-failed", "ExecutionsFailed", machine),
                ("execution-timed-out", "ExecutionsTimedOut", machine),
                ("no-execution-succeeded", "ExecutionsSucceeded", machine),
            ]
        },
        **{
            name: ("mwaa-dags-trigger/data-onboarding", "Errors", {"ErrorType": error})
            for name, error in [
                ("access-denied", errors.AccessDenied.__name__),
                ("environment-not-ready", errors.EnvironmentNotReady.__name__),
                ("function-import-failed", "Runtime.ImportModuleError"),
                ("outcomes-unknown", errors.OutcomeUnknown.__name__),
            ]
        },
        "function-slow": ("AWS/Lambda", "Duration", alias),
        "function-throttled": ("AWS/Lambda", "Throttles", alias),
    }


def test_each_alarm_starts_the_actions_of_its_account(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        account = "111111111111" if alarm["namespace"] == "AWS/States" else "222222222222"
        assert alarm["alarm_actions"] == [f"arn:aws:sns:{REGION}:{account}:on-call"]


def test_each_description_links_to_a_section_that_exists(alarms: dict[str, dict[str, Any]]) -> None:
    for alarm in alarms.values():
        [(page, anchor)] = re.findall(r"(docs/\w+\.md)#([\w-]+)", alarm["alarm_description"])
        headings = re.findall(r"^#+ (.*)$", (PROJECT / page).read_text(), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_each_account_has_a_dashboard(plan: Plan) -> None:
    titles = {
        values["dashboard_name"]: [
            widget["properties"]["title"]
            for widget in json.loads(values["dashboard_body"])["widgets"]
        ]
        for address, values in plan.resources.items()
        if ".aws_cloudwatch_dashboard." in address
    }

    assert titles == {
        "data-onboarding-source": [
            "Executions by end",
            "Execution time, p95",
            "Open executions of all state machines in the account",
        ],
        "data-onboarding-target": [
            "Errors by type",
            "Throttles and concurrent executions",
            "Duration",
            "Last 20 errors",
        ],
    }
