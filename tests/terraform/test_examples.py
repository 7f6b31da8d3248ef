"""The configurations in examples/: each is planned as its README has it."""

from __future__ import annotations

import pytest

from tests.terraform.examples import EXAMPLES, plan_example
from tests.terraform.planner import Planner

PLANNED = ["many-sources", "on-schedule", "on-upload"]
"""Those of one state; separate-states has two, whose names a test of the documentation gives."""
ACCOUNTS = {
    "many-sources": {
        "module.finance": "aws.finance",
        "module.sales": "aws.sales",
        "module.target": "aws.target",
    },
    "on-schedule": {
        "aws_iam_role.scheduler": "aws.source",
        "aws_iam_role_policy.scheduler": "aws.source",
        "aws_scheduler_schedule.nightly": "aws.source",
        "aws_scheduler_schedule_group.this": "aws.source",
        "data.aws_partition.current": "aws.source",
        "module.source": "aws.source",
        "module.target": "aws.target",
    },
    "on-upload": {
        "aws_cloudwatch_event_rule.upload": "aws.source",
        "aws_cloudwatch_event_target.state_machine": "aws.source",
        "aws_iam_role.events": "aws.source",
        "aws_iam_role_policy.events": "aws.source",
        "aws_s3_bucket.uploads": "aws.source",
        "aws_s3_bucket_notification.uploads": "aws.source",
        "aws_s3_bucket_public_access_block.uploads": "aws.source",
        "aws_s3_bucket_versioning.uploads": "aws.source",
        "data.aws_partition.current": "aws.source",
        "module.source": "aws.source",
        "module.target": "aws.target",
    },
}


def test_every_example_is_planned() -> None:
    assert sorted(path.name for path in EXAMPLES.iterdir()) == sorted([*PLANNED, "separate-states"])


@pytest.mark.parametrize("example", PLANNED)
def test_each_resource_goes_to_its_account(planner: Planner, example: str) -> None:
    assert plan_example(planner, example).providers == ACCOUNTS[example]


@pytest.mark.parametrize("example", PLANNED)
def test_an_apply_into_another_account_stops(planner: Planner, example: str) -> None:
    plan = plan_example(planner, example)
    providers = plan.document["configuration"]["provider_config"]
    used = [providers[key] for key in sorted(set(plan.providers.values()))]

    allowed = [provider["expressions"]["allowed_account_ids"] for provider in used]
    accounts = [f"var.{provider['alias']}_account" for provider in used]
    assert allowed == [{"references": [f"{name}.account_id", name]} for name in accounts]


class TestManySources:
    def test_the_invoker_trusts_each_source_with_its_own_state_machine_only(
        self, planner: Planner
    ) -> None:
        example = plan_example(planner, "many-sources")
        role = 'module.target.aws_iam_role.invoker["data-onboarding-invoker"]'

        assert example.trust(role)["Statement"] == [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{account}:role/data-onboarding-{team}-source"},
                "Condition": {
                    "StringEquals": {
                        "sts:ExternalId": f"arn:aws:states:eu-central-1:{account}:stateMachine:data-onboarding-{team}"
                    }
                },
            }
            for team, account in (("finance", "333333333333"), ("sales", "111111111111"))
        ]

    def test_no_source_is_trusted_with_the_functions_own_role(self, planner: Planner) -> None:
        trust = plan_example(planner, "many-sources").trust("module.target.aws_iam_role.function")[
            "Statement"
        ]

        assert [statement["Principal"] for statement in trust] == [
            {"Service": "lambda.amazonaws.com"}
        ]

    @pytest.mark.parametrize("team", ["finance", "sales"])
    def test_each_source_invokes_the_one_function(self, planner: Planner, team: str) -> None:
        definition = plan_example(planner, "many-sources").definition(
            f"module.{team}.aws_sfn_state_machine.this"
        )
        trigger = definition["States"]["Trigger MWAA DAG"]

        assert trigger["Arguments"]["FunctionName"] == (
            "arn:aws:lambda:eu-central-1:222222222222:function:data-onboarding:live"
        )
        assert trigger["Credentials"] == {
            "RoleArn": "arn:aws:iam::222222222222:role/data-onboarding-invoker"
        }
