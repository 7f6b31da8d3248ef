"""Rules of the local EventBridge start state machines with the role of their target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines, create_role
from tests.support.waiting import wait_until

_LOGGER = "sandbox.aws.moto_patches.event_rules"
RULE = f"arn:aws:events:{REGION}:{SOURCE_ACCOUNT}:rule/orders"
TRUST = {
    "Principal": {"Service": "events.amazonaws.com"},
    "Condition": {
        "ArnEquals": {"aws:SourceArn": RULE},
        "StringEquals": {"aws:SourceAccount": SOURCE_ACCOUNT},
    },
}


@pytest.fixture
def events(aws: AwsServer, machines: Machines) -> Any:
    return machines.account.session.client("events", endpoint_url=aws.url)


class Rule:
    """The rule `orders`, which starts a state machine that ends immediately."""

    def __init__(self, events: Any, machines: Machines) -> None:
        self.machine = machines.create("orders", {"Done": {"Type": "Succeed"}})
        self._events = events
        self._account = machines.account
        events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))

    def set_target(self, *, trust: Mapping[str, Any], resource: str) -> None:
        allow = {"Action": "states:StartExecution", "Resource": resource}
        role = create_role(self._account, "starter", trust=trust, allow=[allow])
        transformer = {
            "InputPathsMap": {"order": "$.detail.order"},
            "InputTemplate": '{"conf": {"order": "<order>"}}',
        }
        target = {
            "Id": "machine",
            "Arn": self.machine,
            "RoleArn": role,
            "InputTransformer": transformer,
        }
        self._events.put_targets(Rule="orders", Targets=[target])

    def send_event(self, *, source: str) -> None:
        detail = json.dumps({"order": "4711"})
        entry = {"Source": source, "DetailType": "Ordered", "Detail": detail}
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def inputs(self) -> list[Any]:
        states = self._account.states
        executions = states.list_executions(stateMachineArn=self.machine)["executions"]
        described = [states.describe_execution(executionArn=e["executionArn"]) for e in executions]
        return [json.loads(execution["input"]) for execution in described]


@pytest.fixture
def rule(events: Any, machines: Machines) -> Rule:
    return Rule(events, machines)


def test_a_matching_event_starts_an_execution_with_the_transformed_input(rule: Rule) -> None:
    rule.set_target(trust=TRUST, resource=rule.machine)

    rule.send_event(source="elsewhere")
    rule.send_event(source="shop")

    wait_until(lambda: bool(rule.inputs()))
    assert rule.inputs() == [{"conf": {"order": "4711"}}]


@pytest.mark.parametrize(
    ("trust", "resource", "message"),
    [
        pytest.param(
            {**TRUST, "Condition": {"ArnEquals": {"aws:SourceArn": f"{RULE}-2"}}},
            "*",
            "not authorized to assume the provided role",
            id="a role that trusts another rule",
        ),
        pytest.param(
            TRUST,
            f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:other",
            "not authorized to perform: states:StartExecution",
            id="a role that may start another machine",
        ),
    ],
)
def test_a_rule_whose_role_lacks_the_permission_starts_no_execution(
    rule: Rule,
    caplog: pytest.LogCaptureFixture,
    trust: dict[str, Any],
    resource: str,
    message: str,
) -> None:
    rule.set_target(trust=trust, resource=resource)

    rule.send_event(source="shop")

    [warning] = [record.getMessage() for record in caplog.records if record.name == _LOGGER]
    assert message in warning
    assert rule.inputs() == []


def test_a_bucket_keeps_its_eventbridge_configuration(machines: Machines) -> None:
    s3 = machines.account.s3
    machines.account.create_bucket("orders")
    before = s3.get_bucket_notification_configuration(Bucket="orders")
    s3.put_bucket_notification_configuration(
        Bucket="orders", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    after = s3.get_bucket_notification_configuration(Bucket="orders")
    assert "EventBridgeConfiguration" not in before
    assert after["EventBridgeConfiguration"] == {}
