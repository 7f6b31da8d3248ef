"""The target account: the function, its roles and its log."""

from __future__ import annotations

import json
from typing import Any

from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.allowed import parse_allowed

from tests.terraform.planner import Plan
from tests.terraform.validation.cases import VERSION_HASH
from tests.terraform.values import like

FUNCTION = "module.target.aws_lambda_function.this"
FUNCTION_ROLE = "module.target.aws_iam_role.function[0]"
FUNCTION_POLICY = "module.target.aws_iam_role_policy.function[0]"

TRUST_LAMBDA = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Condition": {"StringEquals": {"aws:SourceAccount": "222222222222"}},
}


def trust_source(account: str, name: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": f"arn:aws:iam::{account}:role/{name}-source"},
        "Condition": {
            "StringEquals": {
                "sts:ExternalId": f"arn:aws:states:eu-central-1:{account}:stateMachine:{name}"
            }
        },
    }


def from_function(name: str) -> dict[str, Any]:
    arn = f"arn:aws:lambda:eu-central-1:222222222222:function:{name}"
    return {"Condition": {"ArnLike": {"lambda:SourceFunctionArn": [arn, f"{arn}:*"]}}}


def read_environments(function: str, *names: str) -> dict[str, Any]:
    return {
        "Sid": "ReadEnvironments",
        "Effect": "Allow",
        "Action": "airflow:GetEnvironment",
        "Resource": [
            f"arn:aws:airflow:eu-central-1:222222222222:environment/{name}" for name in names
        ],
        **from_function(function),
    }


def create_cli_tokens(function: str, *names: str) -> dict[str, Any]:
    return {
        "Sid": "CreateCliTokens",
        "Effect": "Allow",
        "Action": "airflow:CreateCliToken",
        "Resource": [
            f"arn:aws:airflow:eu-central-1:222222222222:environment/{name}" for name in names
        ],
        **from_function(function),
    }


def invoke_rest_api(function: str, *names: str, airflow_role: str) -> dict[str, Any]:
    return {
        "Sid": "InvokeRestApi",
        "Effect": "Allow",
        "Action": "airflow:InvokeRestApi",
        "Resource": [
            f"arn:aws:airflow:eu-central-1:222222222222:role/{name}/{airflow_role}"
            for name in names
        ],
        **from_function(function),
    }


def write_logs(function: str) -> dict[str, Any]:
    return {
        "Sid": "WriteLogs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:eu-central-1:222222222222:log-group:/aws/lambda/{function}:*",
        **from_function(function),
    }


def invoke(function: str) -> dict[str, Any]:
    return {
        "Sid": "InvokeFunction",
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:eu-central-1:222222222222:function:{function}:live",
    }


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_the_function_runs_the_package_by_default_on_arm64(sandbox_plan: Plan) -> None:
    expected = {
        "architectures": ["arm64"],
        "handler": "mwaa_dags_trigger.app.lambda_handler",
        "memory_size": 256,
        "package_type": "Zip",
        "runtime": "python3.13",
        "source_code_hash": VERSION_HASH,
        "timeout": 300,
    }

    assert like(sandbox_plan.resources[FUNCTION], expected) == expected


def test_architecture_memory_and_timeout_of_the_function_are_variables(modules_plan: Plan) -> None:
    expected = {"architectures": ["x86_64"], "memory_size": 512, "timeout": 60}

    assert (
        like(modules_plan.resources["module.shared.aws_lambda_function.this"], expected) == expected
    )


def test_the_function_knows_its_transport_its_environments_and_its_sources(
    sandbox_plan: Plan, example_plan: Plan
) -> None:
    for plan, transport, environment, source in [
        (sandbox_plan, "cli", "sandbox", "mwaa-dags-trigger-sandbox"),
        (example_plan, "rest", "analytics", "data-onboarding-staging"),
    ]:
        arn = f"arn:aws:states:eu-central-1:111111111111:stateMachine:{source}"
        assert plan.resources[FUNCTION]["environment"] == [
            {
                "variables": {
                    "MWAA_ENVIRONMENTS": json.dumps([environment]),
                    "TRANSPORT": transport,
                    "TRUSTED_STATE_MACHINES": json.dumps([arn]),
                }
            }
        ]


def test_a_function_of_several_sources_and_environments_knows_all_of_them(
    modules_plan: Plan,
) -> None:
    function = modules_plan.resources["module.shared.aws_lambda_function.this"]
    variables = parse_allowed(function["environment"][0]["variables"])
    assert variables.environments == ["analytics", "reporting"]
    assert variables.state_machines == [
        "arn:aws:states:eu-central-1:111111111111:stateMachine:one",
        "arn:aws:states:eu-central-1:333333333333:stateMachine:two",
    ]


def test_the_description_names_the_version_of_the_package(sandbox_plan: Plan) -> None:
    description = sandbox_plan.resources[FUNCTION]["description"]
    assert description.endswith(f" (mwaa-dags-trigger {__version__})")


def test_the_log_group_has_retention_and_the_function_logs_json_to_it(
    sandbox_plan: Plan, example_plan: Plan
) -> None:
    for plan, name, days in [
        (sandbox_plan, "/aws/lambda/mwaa-dags-trigger-sandbox", 30),
        (example_plan, "/aws/lambda/data-onboarding-staging", 90),
    ]:
        expected = {"name": name, "retention_in_days": days}
        logging = {"logging_config": [{"log_format": "JSON", "log_group": name}]}

        log_group = plan.resources["module.target.aws_cloudwatch_log_group.this[0]"]
        assert like(log_group, expected) == expected
        assert like(plan.resources[FUNCTION], logging) == logging


def test_by_default_the_source_assumes_the_functions_role(
    sandbox_plan: Plan,
) -> None:
    name = "mwaa-dags-trigger-sandbox"

    assert sandbox_plan.outputs["target_role_arn"].endswith(
        sandbox_plan.resources[FUNCTION_ROLE]["name"]
    )
    assert sandbox_plan.trust(FUNCTION_ROLE) == policy(
        TRUST_LAMBDA, trust_source("111111111111", name)
    )
    assert sandbox_plan.policy(FUNCTION_POLICY) == policy(
        read_environments(name, "sandbox"),
        create_cli_tokens(name, "sandbox"),
        write_logs(name),
        invoke(name),
    )


def test_the_default_airflow_role_is_user(sandbox_plan: Plan) -> None:
    root = sandbox_plan.document["configuration"]["root_module"]

    for module in (root, sandbox_plan.module("target")):
        assert module["variables"]["airflow_role"]["default"] == "User"


def test_a_dedicated_invoker_role_can_only_invoke_the_function(example_plan: Plan) -> None:
    name = "data-onboarding-staging"
    role = "module.target.aws_iam_role.invoker[0]"
    invoker_policy = "module.target.aws_iam_role_policy.invoker[0]"

    assert example_plan.outputs["target_role_arn"].endswith(example_plan.resources[role]["name"])
    assert example_plan.trust(role) == policy(trust_source("111111111111", name))
    assert example_plan.policy(invoker_policy) == policy(invoke(name))


def test_with_an_invoker_role_only_lambda_assumes_the_functions_role(example_plan: Plan) -> None:
    name = "data-onboarding-staging"

    assert example_plan.trust(FUNCTION_ROLE) == policy(TRUST_LAMBDA)
    assert example_plan.policy(FUNCTION_POLICY) == policy(
        read_environments(name, "analytics"),
        invoke_rest_api(name, "analytics", airflow_role="User"),
        write_logs(name),
    )


def test_several_sources_share_several_environments(modules_plan: Plan) -> None:
    assert modules_plan.trust("module.shared.aws_iam_role.function[0]") == policy(
        TRUST_LAMBDA, trust_source("111111111111", "one"), trust_source("333333333333", "two")
    )
    assert modules_plan.policy("module.shared.aws_iam_role_policy.function[0]") == policy(
        read_environments("shared", "analytics", "reporting"),
        invoke_rest_api("shared", "analytics", "reporting", airflow_role="Trigger.DAG_runs-only"),
        write_logs("shared"),
        invoke("shared"),
    )


def test_policy_and_log_come_before_the_function(sandbox_plan: Plan) -> None:
    module = sandbox_plan.module("target")
    function = next(r for r in module["resources"] if r["type"] == "aws_lambda_function")

    assert function["depends_on"] == [
        "aws_cloudwatch_log_group.this",
        "aws_iam_role_policy.function",
    ]
