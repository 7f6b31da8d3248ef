"""Deployments by the roles that deploy: what docs/deploy-permissions.json allows them is enough for all that
Terraform does, and what is switched or new disturbs no execution.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
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
from sandbox.aws import AwsServer
from sandbox.aws.accounts import DEPLOYED_NAME, DEPLOYER, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment
from tests.faults.rules import DAG
from tests.sandbox.holding import SECONDS, Front
from tests.sandbox.switches import (
    ACCOUNTS,
    LOG_GROUPS,
    ONLY_WHILE_NOTHING_RUNS,
    SWITCHED,
    WAITING,
    account,
)
from tests.support.executions import Executions
from tests.support.terraform import Terraform
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
def aws(front: Front) -> Iterator[AwsServer]:
    with AwsServer(
        {TARGET_ACCOUNT: front}, lambda_environment={"REQUESTS_CA_BUNDLE": str(front.ca_file)}
    ) as aws:
        yield aws


@pytest.fixture(scope="module")
def source(aws: AwsServer) -> Account:
    return Account(aws.url, SOURCE_ACCOUNT)


@pytest.fixture(scope="module")
def target(aws: AwsServer) -> Account:
    return Account(aws.url, TARGET_ACCOUNT)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployment")


@pytest.fixture(scope="module")
def in_a_bucket(target: Account) -> dict[str, str]:
    """Another package, as an object in S3."""
    content = another_package()
    target.make_bucket("zips")
    target.s3.put_object(Bucket="zips", Key="trigger.zip", Body=content)
    hashed = base64.b64encode(hashlib.sha256(content).digest()).decode()
    package = {"bucket": "zips", "key": "trigger.zip", "source_code_hash": hashed}
    return {"package": json.dumps(package)}


class Stack:
    """The deployed configuration, with one set of variables after the other.

    Attributes
    ----------
    applied
        The variables of the last apply; None where something else has changed what is deployed.
    """

    def __init__(self, deployment: Deployment, source: Account) -> None:
        self.deployment = deployment
        self.applied: dict[str, str] | None = None
        self._source = source
        self._outputs: dict[str, str] = {}

    def have(self, **variables: str) -> dict[str, str]:
        """Apply unless that is what was applied last; return the outputs."""
        if self.applied != variables:
            self._outputs = self.deployment.apply(ignore, **variables)
            self.applied = variables
        return self._outputs

    def switch(self, *, taking_away: Collection[str] = (), **variables: str) -> dict[str, str]:
        """Switch, and return the outputs; `taking_away` is all that goes."""
        assert gone(self.deployment.plan(**variables)) == set(taking_away)
        self._outputs = self.deployment.apply_plan(ignore)
        self.applied = variables
        return self._outputs

    def switch_while_executions_start(
        self, *, taking_away: Collection[str] = (), **variables: str
    ) -> None:
        """Switch while executions start: each succeeds."""
        arn = self._outputs["state_machine_arn"]
        with Executions(self._source, arn, EVENT) as executions:
            self.switch(taking_away=taking_away, **variables)
        assert executions.failures == []
        assert executions.ended


@pytest.fixture(scope="module")
def stack(terraform: Terraform, aws: AwsServer, directory: Path, source: Account) -> Stack:
    return Stack(terraform.deployment(directory, aws), source)


def gone(actions: Mapping[str, str]) -> set[str]:
    """Return the addresses, without instances, of what a plan deletes, be it to make it anew."""
    return {
        address.partition("[")[0]
        for address, action in actions.items()
        if action in ("delete", "replace")
    }


def changed(change: Mapping[str, Any]) -> set[str]:
    """Return the attributes that a planned update changes."""
    before, after = change["before"], change["after"]
    known = {name for name, value in after.items() if value != before[name]}
    return known | {name for name, unknown in change["after_unknown"].items() if unknown is True}


def invoked_version(target: Account) -> str:
    """Return the version of the function that an invocation of the alias runs."""
    response = target.functions.invoke(FunctionName=f"{DEPLOYED_NAME}:live", Payload=b"{}")
    return response["ExecutedVersion"]


def test_replaced_roles_have_their_policies_after_one_apply(stack: Stack) -> None:
    stack.have(**ONLY_WHILE_NOTHING_RUNS)
    roles = [address for address in stack.deployment.resources() if ".aws_iam_role." in address]

    stack.deployment.apply(ignore, replace=roles, **ONLY_WHILE_NOTHING_RUNS)

    assert len(roles) == 3
    assert stack.deployment.plan(**ONLY_WHILE_NOTHING_RUNS) == {}


def test_every_option_can_be_switched_on_and_off_while_executions_start(
    stack: Stack, source: Account, target: Account, in_a_bucket: dict[str, str]
) -> None:
    """No function, state machine or role goes, but the invoker role, which is switched off while nothing runs."""
    source.logs.create_log_group(logGroupName="/team/source")
    target.logs.create_log_group(logGroupName="/team/target")
    before = stack.have(**ONLY_WHILE_NOTHING_RUNS)
    everything = {**ONLY_WHILE_NOTHING_RUNS, **SWITCHED, **in_a_bucket}

    stack.switch_while_executions_start(**everything)
    assert stack.deployment.plan(**everything) == {}
    stack.switch_while_executions_start(
        **ONLY_WHILE_NOTHING_RUNS,
        **LOG_GROUPS,
        taking_away=[
            "module.batch",
            *(f"module.{side}.aws_cloudwatch_log_group.this" for side in ACCOUNTS),
        ],
    )
    invoker = ["module.target.aws_iam_role.invoker", "module.target.aws_iam_role_policy.invoker"]
    after = stack.switch(taking_away=invoker)

    role = before["target_role_arn"].removesuffix("-invoker")
    assert after == {**before, "target_role_arn": f"{role}-target"}
    assert stack.deployment.plan() == {}


def test_what_is_switched_while_nothing_runs_replaces_nothing_either(stack: Stack) -> None:
    stack.have()

    assert gone(stack.deployment.plan(**ONLY_WHILE_NOTHING_RUNS)) == set()


def test_waiting_updates_the_state_machine_and_nothing_else(stack: Stack) -> None:
    stack.have()

    assert stack.deployment.plan(**WAITING) == {
        "module.source.aws_sfn_state_machine.this": "update"
    }


def test_a_path_replaces_the_roles_and_nothing_else(stack: Stack) -> None:
    stack.have()
    accounts = {
        f"{side}_account": account(number, role={"path": "/team/"})
        for side, number in ACCOUNTS.items()
    }

    assert gone(stack.deployment.plan(**accounts)) == {
        "module.source.aws_iam_role.this",
        "module.source.aws_iam_role_policy.this",
        "module.target.aws_iam_role.function",
        "module.target.aws_iam_role_policy.function",
    }


def test_a_new_package_disturbs_no_execution_and_one_command_rolls_it_back(
    stack: Stack, front: Front, source: Account, target: Account, directory: Path
) -> None:
    outputs = stack.have()
    stack.applied = None
    old = invoked_version(target)

    with ThreadPoolExecutor() as pool, front.holding() as reached, another_package_in(directory):
        running = pool.submit(
            source.execute, outputs["state_machine_arn"], EVENT, name="running", timeout=SECONDS
        )
        assert reached()
        actions = stack.deployment.plan()
        planned = stack.deployment.planned()
        stack.deployment.apply_plan(ignore)
        assert not running.done()
    assert running.result()["status"] == "SUCCEEDED"
    assert int(invoked_version(target)) == int(old) + 1
    assert {address: changed(planned[address]) for address in actions} == {
        ALIAS: {"function_version"},
        FUNCTION: {
            "last_modified",
            "qualified_arn",
            "qualified_invoke_arn",
            "source_code_hash",
            "version",
        },
    }
    assert set(actions.values()) == {"update"}

    target.functions.update_alias(FunctionName=DEPLOYED_NAME, Name="live", FunctionVersion=old)

    assert invoked_version(target) == old
    with another_package_in(directory):
        assert stack.deployment.plan().keys() == {ALIAS}, "the next apply goes forward again"


def test_destroying_leaves_nothing(stack: Stack, source: Account, target: Account) -> None:
    def present() -> list[str]:
        arns = [arn for account in (source, target) for arn in account.resources()]
        return [arn for arn in arns if DEPLOYED_NAME in arn]

    # Whatever the tests before have left will do.
    if not present():
        stack.have()
    assert present()
    stack.applied = None
    stack.deployment.destroy(ignore)

    assert present() == []
    assert stack.deployment.resources() == []


@pytest.mark.parametrize("side", ACCOUNTS)
def test_a_role_that_deploys_may_touch_no_other_role(aws: AwsServer, side: str) -> None:
    deployer = Account(aws.url, ACCOUNTS[side], role=DEPLOYER)

    with pytest.raises(ClientError, match="not authorized to perform: iam:CreateRole on") as error:
        deployer.iam.create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
