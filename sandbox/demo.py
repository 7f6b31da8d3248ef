"""The demo: deploy both accounts, run one onboarding, be refused four times, take everything away."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from rich.table import Table

from sandbox.account import Account
from sandbox.aws.accounts import ADMINISTRATOR_ROLE, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.deployment import Deployment, prepare
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.install import install
from sandbox.stack import ENVIRONMENT_NAME, Sandbox
from sandbox.steps import Steps
from tools.errors import UserError
from tools.paths import BUILD

DAG = "onboarding"
EVENT = {
    "mwaa_env_name": ENVIRONMENT_NAME,
    "mwaa_dag_name": DAG,
    "mwaa_dag_conf": {"client": 'Zoë\'s "Café" ☕', "tables": ["orders", "customers"]},
}
_EXECUTION_SECONDS = 300.0
_DAG_RUN_SECONDS = 300.0


@dataclass(frozen=True)
class Deployed:
    """What Terraform made: its outputs, and the two accounts that it made it in."""

    outputs: Mapping[str, str]
    source: Account
    target: Account


def demo(airflow_version: str, state: Path) -> None:
    """Run all of it in a directory of its own in `state`, and print it as it happens."""
    steps = Steps()
    installation = install(airflow_version, BUILD, steps.step)
    # Left where it is, for its logs, if something goes wrong.
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=state))
    configuration = directory / "terraform"
    with steps.step("terraform init"):
        prepare(configuration, os.environ)
    with (
        Airflow(installation, directory / "airflow") as airflow,
        Sandbox(airflow, directory) as sandbox,
    ):
        steps.say("Two AWS accounts are there; Airflow starts beside the next steps.")
        source = Account(sandbox.aws.url, SOURCE_ACCOUNT)
        target = Account(sandbox.aws.url, TARGET_ACCOUNT)
        deployment = Deployment(configuration, sandbox.environment)
        before = source.resources() + target.resources()
        with steps.step("terraform apply") as advance:
            outputs = deployment.apply(advance).outputs
        for key, value in outputs.items():
            steps.say(f"  {key:<18} {value}")
        with steps.step("wait for Airflow"):
            airflow.wait_ready()
        deployed = Deployed(outputs, source, target)
        _onboard(steps, sandbox, deployed)
        _be_refused(steps, sandbox, deployed)
        with steps.step("terraform destroy") as advance:
            deployment.destroy(advance)
        _show_what_is_left(steps, before, source.resources() + target.resources(), deployment)
    shutil.rmtree(directory)


def _onboard(steps: Steps, sandbox: Sandbox, deployed: Deployed) -> None:
    steps.say("\nOne onboarding")
    steps.say(f"  input   {_json(EVENT)}")
    with steps.step("execution of the state machine"):
        execution = deployed.source.execute(
            deployed.outputs["state_machine_arn"],
            EVENT,
            name="onboarding-1",
            timeout=_EXECUTION_SECONDS,
        )
    if execution["status"] != "SUCCEEDED":
        raise UserError(
            f"The execution ended {execution['status']}: {execution.get('error')}: {execution.get('cause')}"
        )
    steps.say(f"  status  {execution['status']}")
    steps.say(f"  output  {execution['output']}")
    run_id = json.loads(execution["output"])["dag_run_id"]
    with steps.step("the DAG run, to its end"):
        run = sandbox.airflow.api.wait_for_end(DAG, run_id, _DAG_RUN_SECONDS)
    table = Table("run id", "conf", "state", title="The DAG run as Airflow has it")
    table.add_row(run.run_id, _json(run.conf), run.state)
    steps.console.print(table)
    if run.state != "success" or run.conf != EVENT["mwaa_dag_conf"]:
        raise UserError(f"The DAG run is not what was asked for: see the logs in {sandbox.logs}.")


def _be_refused(steps: Steps, sandbox: Sandbox, deployed: Deployed) -> None:
    steps.say("\nFour refusals, in the words of AWS")
    state_machine = deployed.outputs["state_machine_arn"]
    target_role = deployed.outputs["target_role_arn"]
    source_role = sandbox.source_session(deployed.outputs)
    _refused(
        steps,
        "The right role, with another state machine's external id",
        lambda: source_role.client("sts", endpoint_url=sandbox.aws.url).assume_role(
            RoleArn=target_role,
            RoleSessionName="demo",
            ExternalId=f"{state_machine}-other",
        ),
    )
    _refused(
        steps,
        f"Another role of the source account ({ADMINISTRATOR_ROLE}), with the right external id",
        lambda: deployed.source.sts.assume_role(
            RoleArn=target_role, RoleSessionName="demo", ExternalId=state_machine
        ),
    )
    mwaa = sandbox.task_session(deployed.outputs).client(
        "mwaa", endpoint_url=sandbox.aws.url, config=Config(inject_host_prefix=False)
    )
    _refused(
        steps,
        "The source, as the role that it may assume, asks for a CLI token itself",
        lambda: mwaa.create_cli_token(Name=ENVIRONMENT_NAME),
    )
    with _untrusted_state_machine(deployed) as untrusted:
        execution = deployed.source.execute(
            untrusted, EVENT, name="untrusted-1", timeout=_EXECUTION_SECONDS
        )
    steps.say("  A DAG trigger by a source that is not trusted")
    if "is not authorized to assume the task state's role" not in execution.get("cause", ""):
        raise UserError(f"An untrusted state machine was not refused: {execution['status']}.")
    steps.say(f"    {execution['error']}: {execution['cause']}")


def _refused(steps: Steps, title: str, attempt: Callable[[], object]) -> None:
    steps.say(f"  {title}")
    try:
        attempt()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # The protocols of STS and of MWAA's API have different names for it.
        if code not in ("AccessDenied", "AccessDeniedException"):
            raise
        steps.say(f"    {code}: {error.response['Error']['Message']}")
    else:
        raise UserError(f"AWS let it through: {title}.")


@contextmanager
def _untrusted_state_machine(deployed: Deployed) -> Iterator[str]:
    """Make a second source by hand: the same definition, a role with the same permissions."""
    source, name = deployed.source, "untrusted-source"
    described = source.states.describe_state_machine(
        stateMachineArn=deployed.outputs["state_machine_arn"]
    )
    role = source.iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=_policy(
            Principal={"Service": "states.amazonaws.com"}, Action="sts:AssumeRole"
        ),
    )["Role"]
    source.iam.put_role_policy(
        RoleName=name,
        PolicyName=name,
        PolicyDocument=_policy(Action=["sts:AssumeRole", "lambda:InvokeFunction"], Resource="*"),
    )
    machine = source.states.create_state_machine(
        name=name, definition=described["definition"], roleArn=role["Arn"]
    )
    yield machine["stateMachineArn"]
    source.states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
    source.iam.delete_role_policy(RoleName=name, PolicyName=name)
    source.iam.delete_role(RoleName=name)


def _show_what_is_left(
    steps: Steps, before: list[str], after: list[str], deployment: Deployment
) -> None:
    left = sorted({*after} - {*before}) + deployment.resources()
    if left:
        raise UserError("\n".join(["Terraform left behind:", *left]))
    steps.say(
        f"Nothing is left: no resource in the state, and in the accounts only the {len(after)} "
        "roles and functions that were there before."
    )


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
