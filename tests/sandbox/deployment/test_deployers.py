"""The permissions in docs/deploy-permissions.json are sufficient, and no deployment disturbs executions."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws.accounts import DEPLOYED_NAME, DEPLOYER
from sandbox.deployment import Applied
from tests.faults.rules import DAG
from tests.sandbox.deployment.held_mwaa import SECONDS, HeldFront
from tests.sandbox.deployment.switched_variables import (
    ACCOUNTS,
    LOG_GROUPS,
    SET_WITHOUT_EXECUTIONS,
    SWITCHED,
    WAITING,
)
from tests.support.local_aws.continuous_executions import Executions
from tests.support.local_aws.terraform import Stack, Terraform
from tests.terraform.root_variables import account
from tools.paths import PROJECT, ZIP

# All tests of this module share one sandbox. Each starts with an apply of the variables that it needs.
pytestmark = pytest.mark.xdist_group("deployment")

FUNCTION = "module.target.aws_lambda_function.this"
ALIAS = "module.target.aws_lambda_alias.live"
CHANGED_PACKAGE = {"path": f"./{ZIP.relative_to(PROJECT)}", "verify": False}
EVENT = {"mwaa_env_name": "sandbox", "mwaa_dag_name": DAG}


def no_progress(*_: int) -> None:
    """Show no progress."""


def changed_package() -> bytes:
    """Return the package with different content."""
    content = io.BytesIO(ZIP.read_bytes())
    with zipfile.ZipFile(content, "a") as package:
        package.writestr(zipfile.ZipInfo("another"), "")  # without the current date
    return content.getvalue()


@contextmanager
def changed_package_in(directory: Path) -> Iterator[None]:
    """Replace the link to the package with a changed package."""
    link = directory / ZIP.parent.name
    original = link.rename(directory / "original")
    link.mkdir()
    (link / ZIP.name).write_bytes(changed_package())
    try:
        yield
    finally:
        shutil.rmtree(link)
        original.rename(link)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeldFront]:
    with HeldFront(tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="module")
def stack(terraform: Terraform, front: HeldFront, directory: Path) -> Iterator[Stack]:
    with terraform.stack(front, directory) as stack:
        yield stack


@pytest.fixture(scope="module")
def everything(stack: Stack) -> dict[str, Any]:
    """All options, and a changed package in S3."""
    content = changed_package()
    stack.target.create_bucket("zips")
    stack.target.s3.put_object(Bucket="zips", Key="trigger.zip", Body=content)
    hashed = base64.b64encode(hashlib.sha256(content).digest()).decode()
    package = {"bucket": "zips", "key": "trigger.zip", "source_code_hash": hashed, "verify": False}
    return {**SET_WITHOUT_EXECUTIONS, **SWITCHED, "package": package}


@pytest.fixture(scope="module")
def in_existing_logs(stack: Stack) -> dict[str, Any]:
    """The options that must not change during executions, and existing log groups."""
    stack.source.logs.create_log_group(logGroupName="/team/source")
    stack.target.logs.create_log_group(logGroupName="/team/target")
    return {**SET_WITHOUT_EXECUTIONS, **LOG_GROUPS}


class Deployed:
    """The deployed configuration, to which tests apply different variables.

    Attributes
    ----------
    variables
        Variables of the last apply, or None if the deployment has changed since then.
    """

    def __init__(self, stack: Stack) -> None:
        self.deployment = stack.deployment
        self.variables: dict[str, Any] | None = None
        self._source = stack.source
        self._outputs: Mapping[str, str] = {}

    def ensure(self, **variables: Any) -> Mapping[str, str]:
        """Apply these variables unless they are applied already, and return the outputs."""
        if self.variables != variables:
            self._apply(**variables)
        return self._outputs

    def switch(self, *, deletes: Collection[str] = (), **variables: Any) -> Mapping[str, str]:
        """Apply these variables, check that only `deletes` is deleted, and return the outputs."""
        assert deleted_or_replaced(self._apply(**variables).actions) == set(deletes)
        return self._outputs

    def switch_while_executions_start(
        self, *, deletes: Collection[str] = (), **variables: Any
    ) -> None:
        """Apply these variables while executions start, and check that all of them succeed."""
        arn = self._outputs["state_machine_arn"]
        with Executions(self._source, arn, EVENT) as executions:
            self.switch(deletes=deletes, **variables)
        assert executions.failures == []
        assert executions.ended

    def _apply(self, **variables: Any) -> Applied:
        applied = self.deployment.apply(no_progress, **variables)
        self.variables, self._outputs = variables, applied.outputs
        return applied


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> Deployed:
    return Deployed(stack)


def deleted_or_replaced(actions: Mapping[str, str]) -> set[str]:
    """Return the addresses, without instance keys, of all resources that a plan deletes or replaces."""
    return {
        address.partition("[")[0]
        for address, action in actions.items()
        if action in ("delete", "replace")
    }


def describe_function(target: Account) -> dict[str, Any]:
    """Return the descriptions of the function and its alias."""
    function = target.functions.get_function(FunctionName=DEPLOYED_NAME)["Configuration"]
    alias = target.functions.get_alias(FunctionName=DEPLOYED_NAME, Name="live")
    of_alias = {f"alias: {name}": value for name, value in alias.items()}
    return {**function, **of_alias, "alias: ResponseMetadata": None}


def invoked_version(target: Account) -> str:
    """Invoke the alias, and return the executed version of the function."""
    response = target.functions.invoke(FunctionName=f"{DEPLOYED_NAME}:live", Payload=b"{}")
    return response["ExecutedVersion"]


def test_wait_for_completion_changes_only_the_state_machine(deployed: Deployed) -> None:
    deployed.ensure(**SET_WITHOUT_EXECUTIONS)

    assert deployed.deployment.plan(**SET_WITHOUT_EXECUTIONS, **WAITING) == {
        "module.source.aws_sfn_state_machine.this": "update"
    }


def test_a_role_path_replaces_only_the_roles(deployed: Deployed) -> None:
    deployed.ensure(**SET_WITHOUT_EXECUTIONS)
    accounts = {
        f"{side}_account": account(number, role={"path": "/team/"})
        for side, number in ACCOUNTS.items()
    }

    assert deleted_or_replaced(deployed.deployment.plan(**SET_WITHOUT_EXECUTIONS, **accounts)) == {
        "module.source.aws_iam_role.this",
        "module.source.aws_iam_role_policy.this",
        "module.target.aws_iam_role.function",
        "module.target.aws_iam_role.invoker",
        "module.target.aws_iam_role_policy.function",
        "module.target.aws_iam_role_policy.invoker",
    }


# Only the invoker role is replaced or deleted, and only while no execution runs. Functions, state machines and other
# roles are not.


def test_every_option_can_be_switched_on_while_executions_start(
    deployed: Deployed, everything: dict[str, Any]
) -> None:
    deployed.ensure(**SET_WITHOUT_EXECUTIONS)

    deployed.switch_while_executions_start(**everything)


def test_replaced_roles_have_all_policies_after_one_apply(
    deployed: Deployed, everything: dict[str, Any]
) -> None:
    deployed.ensure(**everything)
    roles = [address for address in deployed.deployment.resources() if ".aws_iam_role." in address]

    deployed.deployment.apply(no_progress, replace=roles, **everything)

    assert len(roles) == 4
    assert deployed.deployment.plan(**everything) == {}


def test_every_option_can_be_switched_off_while_executions_start(
    deployed: Deployed, everything: dict[str, Any], in_existing_logs: dict[str, Any]
) -> None:
    deployed.ensure(**everything)

    deployed.switch_while_executions_start(
        **in_existing_logs,
        deletes=[
            "module.source.aws_cloudwatch_dashboard.this",
            "module.source.aws_cloudwatch_event_rule.failed",
            "module.source.aws_cloudwatch_event_target.topic",
            "module.source.aws_cloudwatch_log_group.batch",
            "module.source.aws_cloudwatch_metric_alarm.executions",
            "module.source.aws_cloudwatch_metric_alarm.no_success",
            "module.source.aws_iam_role.batch",
            "module.source.aws_iam_role_policy.batch",
            "module.source.aws_sfn_state_machine.batch",
            *(f"module.{side}.aws_cloudwatch_log_group.this" for side in ACCOUNTS),
            "module.target.aws_cloudwatch_dashboard.this",
            "module.target.aws_cloudwatch_log_metric_filter.errors",
            "module.target.aws_cloudwatch_metric_alarm.this",
        ],
    )


def test_without_options_only_the_default_resources_remain(
    deployed: Deployed, stack: Stack, in_existing_logs: dict[str, Any]
) -> None:
    before = deployed.ensure(**in_existing_logs)

    after = deployed.switch(
        deletes=[
            "module.target.aws_iam_role.invoker",
            "module.target.aws_iam_role_policy.invoker",
        ]
    )

    # All other outputs belong to what is switched off here.
    kept = ("function_arn", "function_role_arn", "source_role_arn", "state_machine_arn")
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert before["target_role_arn"].endswith("-invoker")
    assert after["target_role_arn"] == after["function_role_arn"]
    resources = [*stack.source.resources(), *stack.target.resources()]
    assert {arn.split(":", 5)[5] for arn in resources if DEPLOYED_NAME in arn} == {
        f"function:{DEPLOYED_NAME}",
        f"log-group:/aws/lambda/{DEPLOYED_NAME}:*",
        f"log-group:/aws/vendedlogs/states/{DEPLOYED_NAME}:*",
        f"role/{DEPLOYED_NAME}-source",
        f"role/{DEPLOYED_NAME}-target",
        f"stateMachine:{DEPLOYED_NAME}",
    }


def test_options_that_are_set_without_executions_replace_no_resource(deployed: Deployed) -> None:
    deployed.ensure()

    assert deleted_or_replaced(deployed.deployment.plan(**SET_WITHOUT_EXECUTIONS)) == set()


def test_code_that_was_updated_outside_of_terraform_is_restored(
    deployed: Deployed, stack: Stack
) -> None:
    deployed.ensure()
    deployed.variables = None
    functions = stack.target.functions

    def publish(content: bytes) -> str:
        """Update the code, and return the version."""
        updated = functions.update_function_code(
            FunctionName=DEPLOYED_NAME, ZipFile=content, Publish=True
        )
        return updated["Version"]

    broken = publish(changed_package())
    functions.update_alias(FunctionName=DEPLOYED_NAME, Name="live", FunctionVersion=broken)
    assert deployed.deployment.plan() == {}

    restored = publish(ZIP.read_bytes())
    assert deployed.deployment.plan() == {ALIAS: "update"}
    deployed.ensure()

    assert invoked_version(stack.target) == restored


def test_a_new_package_disturbs_no_execution_and_can_be_rolled_back(
    deployed: Deployed, stack: Stack, front: HeldFront, directory: Path
) -> None:
    outputs = deployed.ensure()
    deployed.variables = None
    source, target = stack.source, stack.target
    old, before = invoked_version(target), describe_function(target)

    with ThreadPoolExecutor() as pool, front.holding() as reached, changed_package_in(directory):
        running = pool.submit(
            source.execute, outputs["state_machine_arn"], EVENT, name="running", timeout=SECONDS
        )
        assert reached()
        applied = deployed.deployment.apply(no_progress, package=CHANGED_PACKAGE)
        assert not running.done()
    assert running.result()["status"] == "SUCCEEDED"
    assert int(invoked_version(target)) == int(old) + 1
    assert applied.actions == {ALIAS: "update", FUNCTION: "update"}
    after = describe_function(target)
    assert {name for name in after | before if after.get(name) != before.get(name)} == {
        "CodeSha256",
        "CodeSize",
        "alias: FunctionVersion",
    }

    target.functions.update_alias(FunctionName=DEPLOYED_NAME, Name="live", FunctionVersion=old)

    assert invoked_version(target) == old
    with changed_package_in(directory):
        assert deployed.deployment.plan(package=CHANGED_PACKAGE).keys() == {ALIAS}, (
            "the next apply must deploy the new version again"
        )


@pytest.mark.parametrize("side", ACCOUNTS)
def test_a_deploying_role_cannot_create_other_roles(stack: Stack, side: str) -> None:
    deployer = Account(stack.aws.url, ACCOUNTS[side], role=DEPLOYER)

    with pytest.raises(ClientError, match="not authorized to perform: iam:CreateRole on") as error:
        deployer.iam.create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
