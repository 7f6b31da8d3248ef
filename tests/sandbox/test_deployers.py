"""Deployments by the roles that deploy: what docs/deploy-permissions.json allows them is enough for all that
Terraform does, and what is switched or new disturbs no execution.
"""

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
from tests.sandbox.held_mwaa import SECONDS, Front
from tests.sandbox.switched_variables import (
    ACCOUNTS,
    LOG_GROUPS,
    ONLY_WHILE_NOTHING_RUNS,
    SWITCHED,
    WAITING,
)
from tests.support.executions import Executions
from tests.support.terraform import Stack, Terraform
from tests.terraform.root_variables import account
from tools.paths import ZIP

# One sandbox for all of these tests: each begins with an apply of what it needs.
pytestmark = pytest.mark.xdist_group("deployment")

FUNCTION = "module.target.aws_lambda_function.this"
ALIAS = "module.target.aws_lambda_alias.live"
EVENT = {"mwaa_env_name": "sandbox", "mwaa_dag_name": DAG}


def ignore(*_: int) -> None:
    """Show no progress."""


def another_package() -> bytes:
    """Return a package with other bytes than the one that was built."""
    content = io.BytesIO(ZIP.read_bytes())
    with zipfile.ZipFile(content, "a") as package:
        package.writestr(zipfile.ZipInfo("another"), "")  # which is of no date
    return content.getvalue()


@contextmanager
def another_package_in(directory: Path) -> Iterator[None]:
    """Have another package in place of the link to the one that was built."""
    link = directory / ZIP.parent.name
    aside = link.rename(directory / "aside")
    link.mkdir()
    (link / ZIP.name).write_bytes(another_package())
    try:
        yield
    finally:
        shutil.rmtree(link)
        aside.rename(link)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(tmp_path_factory.mktemp("front")) as front:
        yield front


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="module")
def stack(terraform: Terraform, front: Front, directory: Path) -> Iterator[Stack]:
    with terraform.stack(front, directory) as stack:
        yield stack


@pytest.fixture(scope="module")
def everything(stack: Stack) -> dict[str, Any]:
    """Every option, with another package as an object in S3."""
    content = another_package()
    stack.target.create_bucket("zips")
    stack.target.s3.put_object(Bucket="zips", Key="trigger.zip", Body=content)
    hashed = base64.b64encode(hashlib.sha256(content).digest()).decode()
    package = {"bucket": "zips", "key": "trigger.zip", "source_code_hash": hashed}
    return {**ONLY_WHILE_NOTHING_RUNS, **SWITCHED, "package": package}


@pytest.fixture(scope="module")
def in_existing_logs(stack: Stack) -> dict[str, Any]:
    """The options that are switched while nothing runs, and existing log groups."""
    stack.source.logs.create_log_group(logGroupName="/team/source")
    stack.target.logs.create_log_group(logGroupName="/team/target")
    return {**ONLY_WHILE_NOTHING_RUNS, **LOG_GROUPS}


class Deployed:
    """The deployed configuration, with one set of variables after the other.

    Attributes
    ----------
    variables
        Variables of the last apply; None if something else has changed the deployment since.
    """

    def __init__(self, stack: Stack) -> None:
        self.deployment = stack.deployment
        self.variables: dict[str, Any] | None = None
        self._source = stack.source
        self._outputs: Mapping[str, str] = {}

    def have(self, **variables: Any) -> Mapping[str, str]:
        """Apply unless that is what was applied last; return the outputs."""
        if self.variables != variables:
            self._apply(**variables)
        return self._outputs

    def switch(self, *, taking_away: Collection[str] = (), **variables: Any) -> Mapping[str, str]:
        """Switch, and return the outputs; `taking_away` is all that goes."""
        assert gone(self._apply(**variables).actions) == set(taking_away)
        return self._outputs

    def switch_while_executions_start(
        self, *, taking_away: Collection[str] = (), **variables: Any
    ) -> None:
        """Switch while executions start: each succeeds."""
        arn = self._outputs["state_machine_arn"]
        with Executions(self._source, arn, EVENT) as executions:
            self.switch(taking_away=taking_away, **variables)
        assert executions.failures == []
        assert executions.ended

    def _apply(self, **variables: Any) -> Applied:
        applied = self.deployment.apply(ignore, **variables)
        self.variables, self._outputs = variables, applied.outputs
        return applied


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> Deployed:
    return Deployed(stack)


def gone(actions: Mapping[str, str]) -> set[str]:
    """Return the addresses, without instances, of what a plan deletes, be it to make it anew."""
    return {
        address.partition("[")[0]
        for address, action in actions.items()
        if action in ("delete", "replace")
    }


def described(target: Account) -> dict[str, Any]:
    """Return the description of the function and of its alias."""
    function = target.functions.get_function(FunctionName=DEPLOYED_NAME)["Configuration"]
    alias = target.functions.get_alias(FunctionName=DEPLOYED_NAME, Name="live")
    of_alias = {f"alias: {name}": value for name, value in alias.items()}
    return {**function, **of_alias, "alias: ResponseMetadata": None}


def invoked_version(target: Account) -> str:
    """Return the version of the function that an invocation of the alias runs."""
    response = target.functions.invoke(FunctionName=f"{DEPLOYED_NAME}:live", Payload=b"{}")
    return response["ExecutedVersion"]


def test_waiting_updates_the_state_machine_and_nothing_else(deployed: Deployed) -> None:
    deployed.have(**ONLY_WHILE_NOTHING_RUNS)

    assert deployed.deployment.plan(**ONLY_WHILE_NOTHING_RUNS, **WAITING) == {
        "module.source.aws_sfn_state_machine.this": "update"
    }


def test_a_path_replaces_the_roles_and_nothing_else(deployed: Deployed) -> None:
    deployed.have(**ONLY_WHILE_NOTHING_RUNS)
    accounts = {
        f"{side}_account": account(number, role={"path": "/team/"})
        for side, number in ACCOUNTS.items()
    }

    assert gone(deployed.deployment.plan(**ONLY_WHILE_NOTHING_RUNS, **accounts)) == {
        "module.source.aws_iam_role.this",
        "module.source.aws_iam_role_policy.this",
        "module.target.aws_iam_role.function",
        "module.target.aws_iam_role.invoker",
        "module.target.aws_iam_role_policy.function",
        "module.target.aws_iam_role_policy.invoker",
    }


# No function, state machine or role is replaced or deleted, except for the invoker role, while nothing runs.


def test_every_option_can_be_switched_on_while_executions_start(
    deployed: Deployed, everything: dict[str, Any]
) -> None:
    deployed.have(**ONLY_WHILE_NOTHING_RUNS)

    deployed.switch_while_executions_start(**everything)


def test_replaced_roles_have_their_policies_after_one_apply(
    deployed: Deployed, everything: dict[str, Any]
) -> None:
    deployed.have(**everything)
    roles = [address for address in deployed.deployment.resources() if ".aws_iam_role." in address]

    deployed.deployment.apply(ignore, replace=roles, **everything)

    assert len(roles) == 4
    assert deployed.deployment.plan(**everything) == {}


def test_every_option_can_be_switched_off_while_executions_start(
    deployed: Deployed, everything: dict[str, Any], in_existing_logs: dict[str, Any]
) -> None:
    deployed.have(**everything)

    deployed.switch_while_executions_start(
        **in_existing_logs,
        taking_away=[
            "module.batch",
            *(f"module.{side}.aws_cloudwatch_log_group.this" for side in ACCOUNTS),
        ],
    )


def test_without_options_nothing_but_the_defaults_is_left(
    deployed: Deployed, stack: Stack, in_existing_logs: dict[str, Any]
) -> None:
    before = deployed.have(**in_existing_logs)

    after = deployed.switch(
        taking_away=[
            "module.target.aws_iam_role.invoker",
            "module.target.aws_iam_role_policy.invoker",
        ]
    )

    role = before["target_role_arn"].removesuffix("-invoker")
    assert after == {**before, "target_role_arn": f"{role}-target"}
    resources = [*stack.source.resources(), *stack.target.resources()]
    assert {arn.split(":", 5)[5] for arn in resources if DEPLOYED_NAME in arn} == {
        f"function:{DEPLOYED_NAME}",
        f"log-group:/aws/lambda/{DEPLOYED_NAME}:*",
        f"log-group:/aws/vendedlogs/states/{DEPLOYED_NAME}:*",
        f"role/{DEPLOYED_NAME}-source",
        f"role/{DEPLOYED_NAME}-target",
        f"stateMachine:{DEPLOYED_NAME}",
    }


def test_what_is_switched_while_nothing_runs_replaces_nothing_either(deployed: Deployed) -> None:
    deployed.have()

    assert gone(deployed.deployment.plan(**ONLY_WHILE_NOTHING_RUNS)) == set()


def test_a_new_package_disturbs_no_execution_and_one_command_rolls_it_back(
    deployed: Deployed, stack: Stack, front: Front, directory: Path
) -> None:
    outputs = deployed.have()
    deployed.variables = None
    source, target = stack.source, stack.target
    old, before = invoked_version(target), described(target)

    with ThreadPoolExecutor() as pool, front.holding() as reached, another_package_in(directory):
        running = pool.submit(
            source.execute, outputs["state_machine_arn"], EVENT, name="running", timeout=SECONDS
        )
        assert reached()
        applied = deployed.deployment.apply(ignore)
        assert not running.done()
    assert running.result()["status"] == "SUCCEEDED"
    assert int(invoked_version(target)) == int(old) + 1
    assert applied.actions == {ALIAS: "update", FUNCTION: "update"}
    after = described(target)
    assert {name for name in after | before if after.get(name) != before.get(name)} == {
        "CodeSha256",
        "CodeSize",
        "alias: FunctionVersion",
    }

    target.functions.update_alias(FunctionName=DEPLOYED_NAME, Name="live", FunctionVersion=old)

    assert invoked_version(target) == old
    with another_package_in(directory):
        assert deployed.deployment.plan().keys() == {ALIAS}, "the next apply goes forward again"


def test_code_that_was_updated_outside_of_terraform_is_reported_and_restored(
    deployed: Deployed, stack: Stack
) -> None:
    deployed.have()
    functions = stack.target.functions

    def publish(content: bytes) -> str:
        """Update the code, and return the version."""
        updated = functions.update_function_code(
            FunctionName=DEPLOYED_NAME, ZipFile=content, Publish=True
        )
        return updated["Version"]

    broken = publish(another_package())
    functions.update_alias(FunctionName=DEPLOYED_NAME, Name="live", FunctionVersion=broken)
    assert deployed.deployment.plan() == {}
    command = f"`aws lambda update-function-code --function-name {DEPLOYED_NAME} "
    assert command in str(deployed.deployment.warnings())

    restored = publish(ZIP.read_bytes())
    assert deployed.deployment.plan() == {ALIAS: "update"}
    deployed.deployment.apply(ignore)

    assert invoked_version(stack.target) == restored
    assert command not in str(deployed.deployment.warnings())


@pytest.mark.parametrize("side", ACCOUNTS)
def test_a_role_that_deploys_may_touch_no_other_role(stack: Stack, side: str) -> None:
    deployer = Account(stack.aws.url, ACCOUNTS[side], role=DEPLOYER)

    with pytest.raises(ClientError, match="not authorized to perform: iam:CreateRole on") as error:
        deployer.iam.create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
