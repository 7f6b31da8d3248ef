"""The root configuration: two accounts, and a workspace for each environment."""

from __future__ import annotations

import pytest

from tests.terraform.planner import Plan, Planner
from tests.terraform.root_variables import ROOT_VARIABLES, SANDBOX, account
from tests.terraform.validation.cases_root import CASES, NAME
from tools.terraform import TerraformError


def test_each_account_gets_its_own_resources(sandbox_plan: Plan) -> None:
    assert sorted(sandbox_plan.resources) == [
        "module.source.aws_cloudwatch_log_group.this[0]",
        "module.source.aws_iam_role.this[0]",
        "module.source.aws_iam_role_policy.this[0]",
        "module.source.aws_sfn_state_machine.this",
        "module.target.aws_cloudwatch_log_group.this[0]",
        "module.target.aws_iam_role.function[0]",
        "module.target.aws_iam_role_policy.function[0]",
        "module.target.aws_lambda_alias.live",
        "module.target.aws_lambda_function.this",
    ]


@pytest.mark.parametrize("module", ["source", "target"])
def test_a_module_uses_its_accounts_provider_only(sandbox_plan: Plan, module: str) -> None:
    resources = sandbox_plan.module(module)["resources"]
    keys = {resource["provider_config_key"] for resource in resources}
    providers = sandbox_plan.document["configuration"]["provider_config"]

    assert len(keys) == 1
    provider = providers[keys.pop()]
    assert provider["alias"] == module
    assert provider["expressions"]["allowed_account_ids"]["references"] == [
        f"var.{module}_account.account_id",
        f"var.{module}_account",
    ]


def test_outputs_are_the_arns_of_both_accounts(sandbox_plan: Plan) -> None:
    policies = sandbox_plan.outputs["iam_policies"]
    assert {side: set(roles) for side, roles in policies.items()} == {
        "source": {"state_machine"},
        "target": {"function"},
    }
    assert {
        name: sandbox_plan.outputs[name] for name in sandbox_plan.outputs if name != "iam_policies"
    } == {
        "batch_state_machine_arn": None,
        "batch_log_group_arn": None,
        "batch_log_group_name": None,
        "batch_role_arn": None,
        "batch_role_name": None,
        "function_arn": (
            "arn:aws:lambda:eu-central-1:222222222222:function:mwaa-dags-trigger-sandbox:live"
        ),
        "function_log_group_arn": (
            "arn:aws:logs:eu-central-1:222222222222:log-group:/aws/lambda/mwaa-dags-trigger-sandbox"
        ),
        "function_log_group_name": "/aws/lambda/mwaa-dags-trigger-sandbox",
        "function_name": "mwaa-dags-trigger-sandbox",
        "function_role_arn": "arn:aws:iam::222222222222:role/mwaa-dags-trigger-sandbox-target",
        "function_role_name": "mwaa-dags-trigger-sandbox-target",
        "function_version": None,
        "log_group_arn": (
            "arn:aws:logs:eu-central-1:111111111111:log-group:/aws/vendedlogs/states/mwaa-dags-trigger-sandbox"
        ),
        "log_group_name": "/aws/vendedlogs/states/mwaa-dags-trigger-sandbox",
        "source_role_arn": "arn:aws:iam::111111111111:role/mwaa-dags-trigger-sandbox-source",
        "source_role_name": "mwaa-dags-trigger-sandbox-source",
        "state_machine_arn": (
            "arn:aws:states:eu-central-1:111111111111:stateMachine:mwaa-dags-trigger-sandbox"
        ),
        "target_role_arn": "arn:aws:iam::222222222222:role/mwaa-dags-trigger-sandbox-target",
        "target_role_name": "mwaa-dags-trigger-sandbox-target",
        "unqualified_function_arn": (
            "arn:aws:lambda:eu-central-1:222222222222:function:mwaa-dags-trigger-sandbox"
        ),
    }


@pytest.mark.parametrize("module", ["source", "target"])
def test_every_output_of_a_module_is_passed_on(sandbox_plan: Plan, module: str) -> None:
    root = sandbox_plan.document["configuration"]["root_module"]
    passed = {
        name for output in root["outputs"].values() for name in output["expression"]["references"]
    }

    names = root["module_calls"][module]["module"]["outputs"]
    # This is the ARN of the state machine, for the target.
    assert {name for name in names if f"module.{module}.{name}" not in passed} <= {"external_id"}


def test_names_end_with_the_workspace(example_plan: Plan) -> None:
    resources = example_plan.resources
    names = {
        values["name"] for values in resources.values() if "tags_all" in values and "name" in values
    }
    names.add(resources["module.target.aws_lambda_function.this"]["function_name"])

    assert names == {
        "data-onboarding-staging",
        "data-onboarding-staging-batch",
        "data-onboarding-staging-failed",
        "data-onboarding-staging-source",
        "data-onboarding-staging-target",
        "data-onboarding-staging-invoker",
        "/aws/vendedlogs/states/data-onboarding-staging",
        "/aws/vendedlogs/states/data-onboarding-staging-batch",
        "/aws/lambda/data-onboarding-staging",
    }


def test_everything_is_tagged_with_project_and_workspace(sandbox_plan: Plan) -> None:
    tags = [
        values["tags_all"] for values in sandbox_plan.resources.values() if "tags_all" in values
    ]

    assert tags == [{"Project": "mwaa-dags-trigger", "Environment": "sandbox"}] * 6


def test_own_tags_are_added(example_plan: Plan) -> None:
    function = example_plan.resources["module.target.aws_lambda_function.this"]

    assert function["tags_all"] == {
        "Project": "data-onboarding",
        "Environment": "staging",
        "Team": "data-platform",
    }


@pytest.fixture(scope="session")
def one_account_plan(planner: Planner) -> Plan:
    """Source and target in one account."""
    return planner.plan(**ROOT_VARIABLES["private"])


def test_all_roles_can_belong_to_one_account(one_account_plan: Plan) -> None:
    resources = one_account_plan.resources.values()

    assert one_account_plan.outputs["target_role_arn"].startswith("arn:aws:iam::111111111111:role/")
    assert sorted(values["name"] for values in resources if "assume_role_policy" in values) == [
        "mwaa-dags-trigger-sandbox-invoker",
        "mwaa-dags-trigger-sandbox-source",
        "mwaa-dags-trigger-sandbox-target",
    ]


def test_swapped_accounts_are_rejected_before_terraform_creates_anything(planner: Planner) -> None:
    accounts = {
        "source_account": {**account("222222222222"), "account_id": "111111111111"},
        "target_account": {**account("111111111111"), "account_id": "222222222222"},
    }

    with pytest.raises(TerraformError) as refused:
        planner.plan(workspace="sandbox", var_file=SANDBOX, variables=accounts)

    assert sorted(refused.value.texts) == [
        "AWS account ID not allowed: 111111111111",
        "AWS account ID not allowed: 222222222222",
    ]


def test_the_default_workspace_requires_an_environment(guarded_plan: Plan) -> None:
    assert guarded_plan.outputs["state_machine_arn"].endswith(":mwaa-dags-trigger-guarded")
    function = guarded_plan.resources["module.target.aws_lambda_function.this"]
    assert function["tags_all"]["Environment"] == "guarded"


def test_48_tags_are_accepted_in_addition_to_project_and_environment(guarded_plan: Plan) -> None:
    function = guarded_plan.resources["module.target.aws_lambda_function.this"]

    assert len(function["tags_all"]) == 50
    assert function["tags_all"]["Project"] == "onboarding"


def test_the_retention_applies_to_new_log_groups_only(guarded_plan: Plan) -> None:
    days = {
        values["name"]: values["retention_in_days"]
        for values in guarded_plan.resources.values()
        if "retention_in_days" in values
    }

    assert days == {"/aws/lambda/mwaa-dags-trigger-guarded": 7}


def test_batches_are_logged_only_on_request(example_plan: Plan, guarded_plan: Plan) -> None:
    """Their log would quote the input of items that failed, also without `include_execution_data`."""
    machine = "module.source.aws_sfn_state_machine.batch[0]"
    levels = [
        log["level"]
        for plan in (example_plan, guarded_plan)
        for log in plan.resources[machine]["logging_configuration"]
    ]

    assert levels == ["OFF", "FATAL"]


@pytest.mark.parametrize("name", CASES)
def test_a_bad_value_says_what_to_write(planner: Planner, name: str) -> None:
    # One plan for all, in the workspace default: Terraform reports each variable's errors.
    variables = {key: value for case in CASES.values() for key, value in case.values.items()}

    with pytest.raises(TerraformError) as refused:
        planner.plan(workspace="default", var_file=SANDBOX, variables=variables)

    assert CASES[name].says in refused.value.texts
    assert len(refused.value.texts) == len(CASES)


def test_an_environment_must_not_be_named_as_a_batch_state_machine(planner: Planner) -> None:
    with pytest.raises(TerraformError) as refused:
        planner.plan(var_file=SANDBOX, variables={"environment": "batch"})

    assert NAME in refused.value.texts
