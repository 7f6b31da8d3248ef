"""The examples in which AWS starts the state machine: its input, and who may start it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from moto.events.models import EventPattern
from moto.events.utils import EventTemplateParser
from mwaa_dags_trigger.request import Trigger, parse

from tests.terraform.examples import plan_example
from tests.terraform.planner import Plan, Planner

UPLOADED: dict[str, Any] = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111111111111",
    "time": "2026-11-25T03:12:22Z",
    "ingestion-time": "2026-11-25T03:12:23Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:s3:::acme-uploads"],
    "detail": {
        "version": "0",
        "bucket": {"name": "acme-uploads"},
        "object": {
            "key": "orders/Köln 1.csv",
            "size": 5,
            "etag": "b1946ac92492d2347c6235b4d2611184",
            "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            "sequencer": "617f08299329d189",
        },
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "111111111111",
        "reason": "PutObject",
    },
}
"""From "Event message structure for Amazon EventBridge" in the Amazon S3 User Guide."""


@pytest.fixture
def on_schedule(planner: Planner) -> Plan:
    return plan_example(planner, "on-schedule")


@pytest.fixture
def on_upload(planner: Planner) -> Plan:
    return plan_example(planner, "on-upload")


def event(**fields: str) -> dict[str, Any]:
    """Return an upload's event, with these fields of its object."""
    changed = copy.deepcopy(UPLOADED)
    changed["detail"]["object"] |= fields
    return changed


def run_id(request: dict[str, Any]) -> str:
    """Return the id of the DAG run that an execution with this input creates."""
    arn = "arn:aws:states:eu-central-1:111111111111:execution:nightly-report:one"
    trigger = parse({**request, "execution_arn": arn, "state_name": "Trigger MWAA DAG"})
    assert isinstance(trigger, Trigger)
    return trigger.key.dag_run_id


@pytest.mark.parametrize(
    ("example", "service", "source_arn"),
    [
        (
            "on-schedule",
            "scheduler",
            "arn:aws:scheduler:eu-central-1:111111111111:schedule-group/nightly-report",
        ),
        ("on-upload", "events", "arn:aws:events:eu-central-1:111111111111:rule/orders-uploaded"),
    ],
)
class TestWhoMayStart:
    def test_the_service_assumes_the_role_only_for_resources_of_this_example(
        self, planner: Planner, example: str, service: str, source_arn: str
    ) -> None:
        assert plan_example(planner, example).trust(f"aws_iam_role.{service}")["Statement"] == [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": source_arn},
                    "StringEquals": {"aws:SourceAccount": "111111111111"},
                },
            }
        ]

    def test_the_role_can_only_start_this_state_machine(
        self, planner: Planner, example: str, service: str, source_arn: str
    ) -> None:
        plan = plan_example(planner, example)

        assert plan.policy(f"aws_iam_role_policy.{service}")["Statement"] == [
            {
                "Sid": "StartExecution",
                "Effect": "Allow",
                "Action": "states:StartExecution",
                "Resource": plan.outputs["state_machine_arn"],
            }
        ]


class TestSchedule:
    def test_the_schedule_is_nightly_in_its_time_zone(self, on_schedule: Plan) -> None:
        schedule = on_schedule.resources["aws_scheduler_schedule.nightly"]

        assert schedule["schedule_expression"] == "cron(30 3 * * ? *)"
        assert schedule["schedule_expression_timezone"] == "Europe/Berlin"
        assert schedule["flexible_time_window"][0]["mode"] == "OFF"
        assert schedule["group_name"] == "nightly-report"

    def test_the_schedule_starts_the_state_machine_with_a_fixed_input(
        self, on_schedule: Plan
    ) -> None:
        [target] = on_schedule.resources["aws_scheduler_schedule.nightly"]["target"]

        assert target["arn"] == on_schedule.outputs["state_machine_arn"]
        assert json.loads(target["input"]) == {
            "mwaa_env_name": "analytics",
            "mwaa_dag_name": "report",
            "mwaa_dag_conf": {"scope": "all"},
            "idempotency_key": "nightly-report <aws.scheduler.scheduled-time>",
        }

    def test_each_night_has_its_own_dag_run(self, on_schedule: Plan) -> None:
        [target] = on_schedule.resources["aws_scheduler_schedule.nightly"]["target"]

        def night(time: str) -> str:
            sent = target["input"].replace("<aws.scheduler.scheduled-time>", time)
            return run_id(json.loads(sent))

        assert night("2026-11-25T02:30:00Z") == night("2026-11-25T02:30:00Z")
        assert night("2026-11-25T02:30:00Z") != night("2026-11-26T02:30:00Z")


class TestUpload:
    """moto evaluates the pattern and the transformer in place of EventBridge."""

    @pytest.mark.parametrize(
        ("told", "starts"),
        [
            pytest.param(event(), True, id="an upload"),
            pytest.param(event(key="invoices/1.csv"), False, id="another prefix"),
            pytest.param(
                event() | {"detail-type": "Object Deleted"}, False, id="another kind of event"
            ),
            pytest.param(
                event() | {"detail": {**event()["detail"], "bucket": {"name": "others"}}},
                False,
                id="another bucket",
            ),
        ],
    )
    def test_the_rule_matches_only_uploads_with_the_prefix(
        self, on_upload: Plan, told: dict[str, Any], starts: bool
    ) -> None:
        rule = on_upload.resources["aws_cloudwatch_event_rule.upload"]

        assert EventPattern.load(rule["event_pattern"]).matches_event(told) is starts

    def test_the_conf_identifies_the_object(self, on_upload: Plan) -> None:
        assert self.transformed(on_upload, event()) == {
            "mwaa_env_name": "analytics",
            "mwaa_dag_name": "orders",
            "mwaa_dag_conf": {
                "bucket": "acme-uploads",
                "key": "orders/Köln 1.csv",
                "version_id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
            },
            "idempotency_key": (
                "s3://acme-uploads/orders/Köln 1.csv?versionId=IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
            ),
        }

    def test_an_event_that_is_delivered_twice_is_the_same_request(self, on_upload: Plan) -> None:
        again = event() | {"id": "d6f2", "time": "2026-11-25T04:00:00Z"}

        assert self.transformed(on_upload, again) == self.transformed(on_upload, event())

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param({"version-id": "QUpfdndhfd8438MNFDN93jdnJFkdmqnh"}, id="the key again"),
            pytest.param({"key": "orders/2.csv"}, id="another key"),
        ],
    )
    def test_another_upload_has_another_dag_run(
        self, on_upload: Plan, other: dict[str, str]
    ) -> None:
        first, second = (self.transformed(on_upload, e) for e in (event(), event(**other)))

        assert run_id(first) != run_id(second)

    def test_each_upload_has_a_version_and_sends_an_event(self, on_upload: Plan) -> None:
        resources = on_upload.resources

        assert resources["aws_s3_bucket_versioning.uploads"]["versioning_configuration"] == [
            {"status": "Enabled"}
        ]
        assert resources["aws_s3_bucket_notification.uploads"]["eventbridge"] is True

    def transformed(self, plan: Plan, told: dict[str, Any]) -> dict[str, Any]:
        target = plan.resources["aws_cloudwatch_event_target.state_machine"]
        assert target["arn"] == plan.outputs["state_machine_arn"]
        [transformer] = target["input_transformer"]
        made: dict[str, Any] = EventTemplateParser.parse(
            transformer["input_template"], transformer["input_paths"], told
        )
        return made
