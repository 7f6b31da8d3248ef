"""The batch state machine and its role as planned, in a local Step Functions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines
from tests.terraform.planner import Plan

NAME = "data-onboarding-staging"
BUCKET = "data-onboarding-batches"
BATCH = "module.source"

# Instead of the trigger: returns its input, or fails if the DAG is called bad.
TRIGGER = {
    "Trigger": {
        "Type": "Choice",
        "QueryLanguage": "JSONata",
        "Choices": [{"Condition": "{% $states.input.mwaa_dag_name = 'bad' %}", "Next": "Fail"}],
        "Default": "End",
    },
    "Fail": {"Type": "Fail", "Error": "DagNotFound", "Cause": "no DAG bad"},
    "End": {"Type": "Succeed"},
}
ITEM: Mapping[str, str] = {"mwaa_env_name": "analytics", "mwaa_dag_name": "onboarding"}
STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
NO_OBJECT = (
    "it must be an object, not a value of the type {}. Write the list as [{{...}}, {{...}}], "
    "with nothing around it."
)


@dataclass(frozen=True)
class Batches:
    """The two state machines, and the bucket."""

    machines: Machines
    arn: str

    def run(self, event: Mapping[str, Any]) -> Batch:
        """Start a batch with this input, and return it once it has ended."""
        started = self.machines.account.states.start_execution(
            stateMachineArn=self.arn, input=json.dumps(event)
        )
        return Batch(self.machines, self.machines.ended(started["executionArn"]))

    @contextmanager
    def tolerating(self, percentage: float) -> Iterator[None]:
        """Tolerate this percentage of failed items."""
        states = self.machines.account.states
        planned = states.describe_state_machine(stateMachineArn=self.arn)["definition"]
        definition = json.loads(planned)
        for state in definition["States"].values():
            if state["Type"] == "Map":
                state["ToleratedFailurePercentage"] = percentage
        states.update_state_machine(stateMachineArn=self.arn, definition=json.dumps(definition))
        try:
            yield
        finally:
            states.update_state_machine(stateMachineArn=self.arn, definition=planned)

    def put(self, key: str, body: str) -> Mapping[str, str]:
        """Put an object into the bucket, and return the input that names it."""
        self.machines.account.s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
        return {"bucket": BUCKET, "key": key}

    def count_executions(self) -> int:
        """Return how many executions the batches have started."""
        arn = self.machines.arn(NAME)
        pages = self.machines.account.states.get_paginator("list_executions")
        return sum(len(page["executions"]) for page in pages.paginate(stateMachineArn=arn))


@dataclass(frozen=True)
class Batch:
    """A batch that has ended."""

    machines: Machines
    description: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return str(self.description["executionArn"])

    @property
    def failure(self) -> tuple[str, str]:
        return self.description["error"], self.description["cause"]

    def children(self, status: str) -> Sequence[Mapping[str, Any]]:
        """Return the results of the items with this status, in the order of their index."""
        states, s3 = self.machines.account.states, self.machines.account.s3
        (run,) = states.list_map_runs(executionArn=self.arn)["mapRuns"]

        def load(key: str) -> Any:
            return json.load(s3.get_object(Bucket=BUCKET, Key=key)["Body"])

        folder = f"staging/results/{run['mapRunArn'].rpartition(':')[2]}"
        files = load(f"{folder}/manifest.json")["ResultFiles"][status]
        found = [child for file in files for child in load(file["Key"])]
        return sorted(found, key=lambda child: int(json.loads(child["Input"])["index"]))

    @property
    def started(self) -> Sequence[Mapping[str, Any]]:
        """The inputs of the executions that succeeded, without the link to the batch."""
        outputs = [json.loads(child["Output"]) for child in self.children("SUCCEEDED")]
        return [
            {name: value for name, value in output.items() if name != STARTED_BY}
            for output in outputs
        ]


@contextmanager
def batches_of(plan: Plan) -> Iterator[Batches]:
    """Create the batch state machine and its role as planned."""
    with AwsServer() as aws:
        machines = Machines(Account(aws.url, SOURCE_ACCOUNT))
        machines.create(NAME, TRIGGER)
        machines.account.create_bucket(BUCKET)
        role = machines.account.iam.create_role(
            RoleName=f"{NAME}-batch",
            AssumeRolePolicyDocument=json.dumps(plan.trust(f"{BATCH}.aws_iam_role.batch[0]")),
        )["Role"]["Arn"]
        policy = plan.policy(f"{BATCH}.aws_iam_role_policy.batch[0]")
        machines.account.iam.put_role_policy(
            RoleName=f"{NAME}-batch", PolicyName="planned", PolicyDocument=json.dumps(policy)
        )
        created = machines.account.states.create_state_machine(
            name=f"{NAME}-batch",
            definition=json.dumps(plan.definition(f"{BATCH}.aws_sfn_state_machine.batch[0]")),
            roleArn=role,
        )
        yield Batches(machines, created["stateMachineArn"])


def csv_of(*rows: Mapping[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
