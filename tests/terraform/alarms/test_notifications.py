"""Notifications about executions that end badly, evaluated by moto's EventBridge.

The local AWS sends no events about executions, and delivers none to topics.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.events.models import EventPattern, EventPatternParser
from moto.events.utils import EventTemplateParser

from tests.terraform.examples import plan_example
from tests.terraform.planner import Plan, Planner

MACHINE = "arn:aws:states:eu-central-1:111111111111:stateMachine:data-onboarding"
EXECUTION = "arn:aws:states:eu-central-1:111111111111:execution:data-onboarding:bf13fa29"
RULE = "module.source.aws_cloudwatch_event_rule.failed[0]"
TARGET = "module.source.aws_cloudwatch_event_target.topic[0]"
SECRET = "a value of the conf"


@pytest.fixture(scope="session")
def plan(planner: Planner) -> Plan:
    """The example with every option."""
    return plan_example(planner, "complete")


def event(status: str, machine: str = MACHINE) -> Any:
    """Return an event ("Automating Step Functions event delivery with EventBridge")."""
    return {
        "version": "0",
        "id": "315c1398-40ff-a850-213b-158f73e60175",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": "111111111111",
        "time": "2026-11-26T15:31:24Z",
        "region": "eu-central-1",
        "resources": [EXECUTION],
        "ingestion-time": 0,
        "detail": {
            "executionArn": EXECUTION,
            "stateMachineArn": machine,
            "name": "bf13fa29",
            "status": status,
            "startDate": 1551225271984,
            "stopDate": 1551225281984,
            "input": json.dumps({"mwaa_dag_conf": {"client": SECRET}}),
            "inputDetails": {"included": True},
            "output": None,
            "outputDetails": None,
            "error": "DagNotFound",
            "cause": json.dumps({"errorMessage": SECRET}),
        },
    }


@pytest.mark.parametrize(
    ("sent", "matched"),
    [
        *((event(status), True) for status in ("ABORTED", "FAILED", "TIMED_OUT")),
        (event("FAILED", f"{MACHINE}-batch"), True),
        (event("RUNNING"), False),
        (event("SUCCEEDED"), False),
        (event("FAILED", f"{MACHINE}-2"), False),
    ],
    ids=["aborted", "failed", "timed out", "batch", "running", "succeeded", "other state machine"],
)
def test_the_rule_matches_executions_that_end_badly(plan: Plan, sent: Any, matched: bool) -> None:
    raw = plan.resources[RULE]["event_pattern"]
    pattern = EventPattern(raw, EventPatternParser(raw).parse())

    assert pattern.matches_event(sent) is matched


def test_the_topic_receives_one_sentence_without_values_of_the_conf(plan: Plan) -> None:
    target = plan.resources[TARGET]
    [transformer] = target["input_transformer"]

    sent = EventTemplateParser.parse(
        transformer["input_template"], transformer["input_paths"], event("FAILED")
    )

    assert target["arn"] == "arn:aws:sns:eu-central-1:111111111111:data-onboarding"
    assert sent == (
        f"The execution {EXECUTION} ended as FAILED (error: DagNotFound): look up the error in "
        "docs/operations.md#errors of mwaa-dags-trigger, correct the cause, and redrive the execution "
        "within 14 days."
    )
