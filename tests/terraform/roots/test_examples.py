"""The configurations in examples/, planned with the variables of their READMEs."""

from __future__ import annotations

import json

import pytest

from sandbox.aws.quotas import SECURITY_GROUP_DESCRIPTION
from tests.terraform.examples import EXAMPLES, plan_example
from tests.terraform.planner import Plan, Planner
from tests.terraform.values import like
from tools.paths import PROJECT

ACCOUNTS = {
    "complete": {
        "module.source": "aws.source",
        "module.target": "aws.target",
    },
    "existing-roles": {"module.source": "aws.source", "module.target": "aws.target"},
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
    "parameter-store/source": {
        "data.aws_ssm_parameter.target": "aws.target",
        "module.source": "aws.source",
    },
    "parameter-store/target": {
        "aws_iam_role.reader": "aws",
        "aws_iam_role_policy.reader": "aws",
        "aws_ssm_parameter.target": "aws",
        "data.aws_partition.current": "aws",
        "module.target": "aws",
    },
    "private-web-server": {
        "aws_security_group.endpoints": "aws.target",
        "aws_security_group.function": "aws.target",
        "aws_subnet.private": "aws.target",
        "aws_vpc.this": "aws.target",
        "aws_vpc_endpoint.mwaa": "aws.target",
        "aws_vpc_endpoint.web_server": "aws.target",
        "aws_vpc_security_group_egress_rule.function": "aws.target",
        "aws_vpc_security_group_ingress_rule.endpoints": "aws.target",
        "module.source": "aws.source",
        "module.target": "aws.target",
    },
    "separate-states/source": {"data.aws_partition.current": "aws", "module.source": "aws"},
    "separate-states/target": {"data.aws_partition.current": "aws", "module.target": "aws"},
}
ALLOWED = {
    "complete": "local.{}_account_id",
    "parameter-store/source": "var.{}_account_id",
    "parameter-store/target": "var.target_account_id",
    "separate-states/source": "var.source_account_id",
    "separate-states/target": "var.target_account_id",
}
"""The variable with the account id of each provider, unless it is `var.{}_account.account_id`."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_resource_goes_to_its_account(planner: Planner, example: str) -> None:
    assert plan_example(planner, example).providers == ACCOUNTS[example]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_apply_into_another_account_stops(planner: Planner, example: str) -> None:
    plan = plan_example(planner, example)
    providers = plan.document["configuration"]["provider_config"]
    used = [providers[key] for key in sorted(set(plan.providers.values()))]

    allowed = [provider["expressions"]["allowed_account_ids"]["references"][0] for provider in used]
    own = ALLOWED.get(example, "var.{}_account.account_id")
    assert allowed == [own.format(provider.get("alias")) for provider in used]


def test_every_module_is_planned(example_plan: Plan, modules_plan: Plan) -> None:
    calls = [
        call
        for plan in (example_plan, modules_plan)
        for call in plan.document["configuration"]["root_module"]["module_calls"].values()
    ]
    planned = {call["source"].rpartition("modules/")[2] for call in calls}

    assert planned >= {path.name for path in (PROJECT / "modules").iterdir()}


class TestManySources:
    def test_the_invoker_trusts_each_source_with_its_own_state_machine_only(
        self, planner: Planner
    ) -> None:
        example = plan_example(planner, "many-sources")
        role = "module.target.aws_iam_role.invoker[0]"

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

    def test_no_source_can_assume_the_functions_own_role(self, planner: Planner) -> None:
        trust = plan_example(planner, "many-sources").trust(
            "module.target.aws_iam_role.function[0]"
        )["Statement"]

        assert [statement["Principal"] for statement in trust] == [
            {"Service": "lambda.amazonaws.com"}
        ]

    @pytest.mark.parametrize("team", ["finance", "sales"])
    def test_each_source_invokes_the_same_function(self, planner: Planner, team: str) -> None:
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


def test_a_source_receives_the_parameter_that_the_target_writes(planner: Planner) -> None:
    source = plan_example(planner, "parameter-store/source")
    target = plan_example(planner, "parameter-store/target")
    trigger = source.definition()["States"]["Trigger MWAA DAG"]

    assert json.loads(target.resources["aws_ssm_parameter.target"]["value"]) == {
        "role_arn": trigger["Credentials"]["RoleArn"],
        "function_arn": trigger["Arguments"]["FunctionName"],
    }


def test_with_existing_roles_the_plan_has_no_iam_resources_and_shows_their_policies(
    planner: Planner,
) -> None:
    plan = plan_example(planner, "existing-roles")

    assert [address for address in plan.resources if "aws_iam" in address] == []
    assert {name: sorted(role) for name, role in plan.outputs["iam_roles"].items()} == {
        name: ["arn", "permissions", "trust"] for name in ("function", "invoker", "state_machine")
    }


@pytest.mark.parametrize("module", ["source", "target"])
class TestComplete:
    def test_every_input_is_set(self, planner: Planner, module: str) -> None:
        root = plan_example(planner, "complete").document["configuration"]["root_module"]
        call = root["module_calls"][module]

        assert sorted(call["expressions"]) == sorted(call["module"]["variables"])

    def test_every_output_is_passed_on(self, planner: Planner, module: str) -> None:
        root = plan_example(planner, "complete").document["configuration"]["root_module"]

        assert root["outputs"][module]["expression"]["references"] == [f"module.{module}"]


class TestPrivateWebServer:
    def test_the_subnets_reach_only_endpoints(self, planner: Planner) -> None:
        resources = plan_example(planner, "private-web-server").resources

        endpoints = {
            address: (values["service_name"], values["private_dns_enabled"])
            for address, values in resources.items()
            if address.startswith("aws_vpc_endpoint.")
        }
        # The web server of the environment whose endpoints MWAA manages needs no endpoint of this configuration.
        assert endpoints == {
            'aws_vpc_endpoint.mwaa["airflow.api"]': (
                "com.amazonaws.eu-central-1.airflow.api",
                True,
            ),
            'aws_vpc_endpoint.mwaa["airflow.env"]': (
                "com.amazonaws.eu-central-1.airflow.env",
                True,
            ),
            'aws_vpc_endpoint.web_server["analytics"]': (
                "com.amazonaws.vpce.eu-central-1.vpce-svc-0123456789abcdef0",
                False,
            ),
        }
        gateways = ("aws_internet_gateway", "aws_nat_gateway", "aws_route")
        assert [address for address in resources if address.startswith(gateways)] == []

    def test_the_function_can_only_use_https_within_the_vpc(self, planner: Planner) -> None:
        plan = plan_example(planner, "private-web-server")
        expected = {
            "from_port": 443,
            "to_port": 443,
            "ip_protocol": "tcp",
            "cidr_ipv4": "10.20.0.0/16",
            "cidr_ipv6": None,
            "prefix_list_id": None,
        }
        rules = [a for a in plan.resources if "egress" in a or "ingress" in a]

        egress = plan.resources["aws_vpc_security_group_egress_rule.function"]
        assert like(egress, expected) == expected
        assert rules == [
            "aws_vpc_security_group_egress_rule.function",
            "aws_vpc_security_group_ingress_rule.endpoints",
        ]

    def test_the_endpoints_accept_only_https_from_the_function(self, planner: Planner) -> None:
        plan = plan_example(planner, "private-web-server")
        expected = {"from_port": 443, "to_port": 443, "ip_protocol": "tcp", "cidr_ipv4": None}

        address = "aws_vpc_security_group_ingress_rule.endpoints"
        assert like(plan.resources[address], expected) == expected
        assert plan.references(address, "referenced_security_group_id") == {
            "aws_security_group.function"
        }

    def test_ec2_accepts_the_descriptions_of_the_security_groups(self, planner: Planner) -> None:
        resources = plan_example(planner, "private-web-server").resources
        descriptions = [
            values["description"]
            for address, values in resources.items()
            if "security_group" in address
        ]

        assert len(descriptions) == 4
        assert all(map(SECURITY_GROUP_DESCRIPTION.fullmatch, descriptions))

    def test_the_function_is_in_the_private_subnets_with_its_own_group(
        self, planner: Planner
    ) -> None:
        plan = plan_example(planner, "private-web-server")

        assert plan.references("module.target", "vpc") == {
            "aws_security_group.function",
            "aws_subnet.private",
        }

    def test_the_source_assumes_a_role_without_permissions_for_the_network(
        self, planner: Planner
    ) -> None:
        plan = plan_example(planner, "private-web-server")
        trigger = plan.definition()["States"]["Trigger MWAA DAG"]

        role = "data-onboarding-invoker"
        assert trigger["Credentials"] == {"RoleArn": f"arn:aws:iam::222222222222:role/{role}"}
        policy = plan.policy("module.target.aws_iam_role_policy.invoker[0]")
        assert [statement["Action"] for statement in policy["Statement"]] == [
            "lambda:InvokeFunction"
        ]


def test_the_published_mocks_plan_every_option_without_aws(planner: Planner) -> None:
    assert "1 passed, 0 failed" in planner.run_tests("examples/complete")
