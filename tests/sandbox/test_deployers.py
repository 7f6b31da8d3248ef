"""The roles that deploy: what docs/deploy-permissions.json allows them is enough for all that Terraform does."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import DEPLOYER, REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment, prepare
from tools.paths import ZIP

# One sandbox for all of these tests: each begins with an apply of what it needs.
pytestmark = pytest.mark.xdist_group("deployment")

KEY = f"arn:aws:kms:{REGION}:{{}}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def account(number: str) -> dict[str, object]:
    """Return what an account may demand."""
    return {
        "account_id": number,
        "assume_role_arn": f"arn:aws:iam::{number}:role/{DEPLOYER}",
        "logging": {"kms_key_arn": KEY.format(number)},
        "role": {"permissions_boundary": f"arn:aws:iam::{number}:policy/team"},
    }


ALL_SWITCHED = {
    "airflow_role": "Op",
    "allowed_dags": json.dumps({"sandbox": ["onboarding", "team_*"]}),
    "dedicated_invoker_role": "true",
    "encryption": json.dumps({"kms_key_arn": KEY.format(SOURCE_ACCOUNT)}),
    "function": json.dumps(
        {
            "kms_key_arn": KEY.format(TARGET_ACCOUNT),
            "memory_size": 512,
            "reserved_concurrency": 4,
            "timeout": 120,
            "tracing": True,
        }
    ),
    "logging": json.dumps({"level": "ALL", "retention_in_days": 0}),
    "mwaa_environments": json.dumps(["sandbox", "second"]),
    "preliminary_tasks": "[]",
    "source_account": json.dumps(account(SOURCE_ACCOUNT)),
    "tags": json.dumps({"Team": "data", "Project": "other"}),
    "target_account": json.dumps(account(TARGET_ACCOUNT)),
    "tracing": "true",
    "transport": "rest",
    "trusted_sources": json.dumps(
        [
            {
                "role_arn": f"arn:aws:iam::{SOURCE_ACCOUNT}:role/other-source",
                "state_machine_arn": f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:other",
            }
        ]
    ),
    "vpc": json.dumps({"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"]}),
}
"""Every variable but those of which the names are made."""


def ignore(*_: int) -> None:
    """Show no progress."""


@contextmanager
def another_package(directory: Path) -> Iterator[None]:
    """Have a package with other bytes in place of the link to the one that was built."""
    link = directory / ZIP.parent.name
    aside = link.rename(directory / "aside")
    shutil.copytree(aside, link)
    with zipfile.ZipFile(link / ZIP.name, "a") as package:
        package.writestr("another", "")
    yield
    shutil.rmtree(link)
    aside.rename(link)


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsServer]:
    with AwsServer() as aws:
        yield aws


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("deployment")
    prepare(directory)
    return directory


@pytest.fixture(scope="module")
def deployment(aws: AwsServer, directory: Path) -> Deployment:
    keys = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
    return Deployment(directory, {**aws.environment, "AWS_REGION": REGION, **keys})


def test_every_option_can_be_switched_on_and_off_with_a_new_package(
    deployment: Deployment, directory: Path
) -> None:
    before = deployment.apply(ignore)
    with another_package(directory):
        switched = deployment.apply(ignore, **ALL_SWITCHED)
        assert deployment.changes(**ALL_SWITCHED) == []
    after = deployment.apply(ignore)

    assert switched["target_role_arn"].endswith("-invoker")
    assert before == after
    assert deployment.changes() == []


def test_replaced_roles_have_their_policies_after_one_apply(deployment: Deployment) -> None:
    deployment.apply(ignore, dedicated_invoker_role="true")
    roles = [address for address in deployment.resources() if ".aws_iam_role." in address]

    deployment.apply(ignore, dedicated_invoker_role="true", replace=roles)

    assert len(roles) == 3
    assert deployment.changes(dedicated_invoker_role="true") == []


def test_destroying_leaves_nothing(aws: AwsServer, deployment: Deployment) -> None:
    accounts = [Account(aws.url, account) for account in (SOURCE_ACCOUNT, TARGET_ACCOUNT)]

    def present() -> list[str]:
        arns = [arn for account in accounts for arn in account.resources()]
        return [arn for arn in arns if "mwaa-dags-trigger" in arn]

    deployment.apply(ignore)
    assert present()
    deployment.destroy(ignore)

    assert present() == []
    assert deployment.resources() == []


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_role_that_deploys_may_touch_no_other_role(aws: AwsServer, side: str) -> None:
    account = {"source": SOURCE_ACCOUNT, "target": TARGET_ACCOUNT}[side]
    deployer = Account(aws.url, account, role=DEPLOYER)

    with pytest.raises(ClientError, match="not authorized to perform: iam:CreateRole on") as error:
        deployer.iam.create_role(RoleName="other", AssumeRolePolicyDocument="{}")
    assert error.value.response["Error"]["Code"] == "AccessDenied"
