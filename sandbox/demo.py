"""The demo: deploy both accounts, run one DAG, show four denied requests, and destroy the deployment."""

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
    """The outputs of Terraform, and the two accounts with its resources."""

    outputs: Mapping[str, str]
    source: Account
    target: Account


def demo(airflow_version: str, state: Path) -> None:
    """Run the demo in a new directory in `state`, and show its steps."""
    steps = Steps()
    installation = install(airflow_version, BUILD, steps.step)
    # If a step fails, the directory remains for its logs.
    directory = Path(tempfile.mkdtemp(prefix="demo-", dir=state))
    configuration = directory / "terraform"
    with steps.step("terraform init"):
        prepare(configuration, os.environ)
    with (
        Airflow(installation, directory / "airflow") as airflow,
        Sandbox(airflow, directory) as sandbox,
    ):
        steps.show("Two AWS accounts are running. Airflow is starting during the next steps.")
        source = Account(sandbox.aws.url, SOURCE_ACCOUNT)
        target = Account(sandbox.aws.url, TARGET_ACCOUNT)
        deployment = Deployment(configuration, sandbox.environment)
        before = source.resources() + target.resources()
        with steps.step("terraform apply") as advance:
            outputs = deployment.apply(advance).outputs
        for key in ("function_arn", "source_role_arn", "state_machine_arn", "target_role_arn"):
            steps.show(f"  {key:<18} {outputs[key]}")
        with steps.step("Waiting for Airflow"):
            airflow.wait_ready()
        deployed = Deployed(outputs, source, target)
        _run_dag(steps, sandbox, deployed)
        _show_denials(steps, sandbox, deployed)
        with steps.step("terraform destroy") as advance:
            deployment.destroy(advance)
        _check_destroyed(steps, before, source.resources() + target.resources(), deployment)
    shutil.rmtree(directory)


def _run_dag(steps: Steps, sandbox: Sandbox, deployed: Deployed) -> None:
    steps.show("\nOne DAG run")
    steps.show(f"  input   {_json(EVENT)}")
    with steps.step("Running the state machine"):
        execution = deployed.source.execute(
            deployed.outputs["state_machine_arn"],
            EVENT,
            name="onboarding-1",
            timeout=_EXECUTION_SECONDS,
        )
    if execution["status"] != "SUCCEEDED":
        raise UserError(
            f"The execution ended with {execution['status']}: {execution.get('error')}: {execution.get('cause')}"
        )
    steps.show(f"  status  {execution['status']}")
    steps.show(f"  output  {execution['output']}")
    run_id = json.loads(execution["output"])["dag_run_id"]
    with steps.step("Waiting for the DAG run"):
        run = sandbox.airflow.api.wait_for_end(DAG, run_id, _DAG_RUN_SECONDS)
    table = Table("run id", "conf", "state", title="The DAG run in Airflow")
    table.add_row(run.run_id, _json(run.conf), run.state)
    steps.console.print(table)
    if run.state != "success" or run.conf != EVENT["mwaa_dag_conf"]:
        raise UserError(f"The DAG run failed or has another conf: see the logs in {sandbox.logs}.")


def _show_denials(steps: Steps, sandbox: Sandbox, deployed: Deployed) -> None:
    steps.show("\nFour denied requests")
    state_machine = deployed.outputs["state_machine_arn"]
    target_role = deployed.outputs["target_role_arn"]
    source_role = sandbox.source_session(deployed.outputs)
    _show_denial(
        steps,
        "The source role with the external ID of another state machine",
        lambda: source_role.client("sts", endpoint_url=sandbox.aws.url).assume_role(
            RoleArn=target_role,
            RoleSessionName="demo",
            ExternalId=f"{state_machine}-other",
        ),
    )
    _show_denial(
        steps,
        f"Another role of the source account ({ADMINISTRATOR_ROLE}) with the correct external ID",
        lambda: deployed.source.sts.assume_role(
            RoleArn=target_role, RoleSessionName="demo", ExternalId=state_machine
        ),
    )
    mwaa = sandbox.task_session(deployed.outputs).client(
        "mwaa", endpoint_url=sandbox.aws.url, config=Config(inject_host_prefix=False)
    )
    _show_denial(
        steps,
        "The source requests a CLI token with the target role",
        lambda: mwaa.create_cli_token(Name=ENVIRONMENT_NAME),
    )
    with _untrusted_state_machine(deployed) as untrusted:
        execution = deployed.source.execute(
            untrusted, EVENT, name="untrusted-1", timeout=_EXECUTION_SECONDS
        )
    steps.show("  A state machine whose role is not trusted")
    if "is not authorized to assume the task state's role" not in execution.get("cause", ""):
        raise UserError(f"An untrusted state machine was not denied: {execution['status']}.")
    steps.show(f"    {execution['error']}: {execution['cause']}")


def _show_denial(steps: Steps, title: str, attempt: Callable[[], object]) -> None:
    steps.show(f"  {title}")
    try:
        attempt()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        # STS and MWAA use different error codes.
        if code not in ("AccessDenied", "AccessDeniedException"):
            raise
        steps.show(f"    {code}: {error.response['Error']['Message']}")
    else:
        raise UserError(f"The local AWS did not deny this request: {title}.")


@contextmanager
def _untrusted_state_machine(deployed: Deployed) -> Iterator[str]:
    """Create a second state machine with the same definition, and a role with the same permissions."""
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


def _check_destroyed(
    steps: Steps, before: list[str], after: list[str], deployment: Deployment
) -> None:
    left = sorted({*after} - {*before}) + deployment.resources()
    if left:
        raise UserError("\n".join(["Terraform did not delete:", *left]))
    steps.show(
        f"Everything is deleted: the state is empty, and the accounts contain only the {len(after)} "
        "roles and functions that existed before."
    )


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
