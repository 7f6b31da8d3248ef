"""Batches of the deployed configuration, before an MWAA that fails: each item is one DAG run, and none is two."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from tests.faults.rules import DAG
from tests.sandbox.deployment.faulty_mwaa import Airflow, Front
from tests.support.local_aws.state_machines import Machines
from tests.support.local_aws.terraform import Terraform

# One sandbox for all of these tests, and one apply.
pytestmark = pytest.mark.xdist_group("batches")

ITEMS = int(os.environ.get("BATCH_ITEMS", "60"))
"""Of the batch under faults; `make soak` has 1,000."""
BUCKET = "batches"
MAX_CONCURRENCY = 3


@dataclass(frozen=True)
class Stack:
    """The deployed configuration with its batches, and what is behind it."""

    airflow: Airflow
    front: Front
    machines: Machines
    outputs: Mapping[str, str]

    def start(self, event: Mapping[str, Any], *, seconds: float = 600) -> Mapping[str, Any]:
        """Start a batch; return its description at its end."""
        states = self.machines.account.states
        arn = self.outputs["batch_state_machine_arn"]
        started = states.start_execution(stateMachineArn=arn, input=json.dumps(event))
        return self.machines.account.wait_for_end(started["executionArn"], timeout=seconds)

    def redrive(self, arn: str) -> Mapping[str, Any]:
        """Redrive a batch; return its description at its end."""
        return self.machines.redrive(arn)

    @contextmanager
    def tolerating(self, percentage: int) -> Iterator[None]:
        """Have so many of a batch's items be allowed to fail."""
        states, arn = self.machines.account.states, self.outputs["batch_state_machine_arn"]
        deployed = states.describe_state_machine(stateMachineArn=arn)["definition"]
        field = '"ToleratedFailurePercentage": '
        tolerant = deployed.replace(f"{field}0", f"{field}{percentage}")
        assert tolerant != deployed
        states.update_state_machine(stateMachineArn=arn, definition=tolerant)
        try:
            yield
        finally:
            states.update_state_machine(stateMachineArn=arn, definition=deployed)

    def results(self, ended: Mapping[str, Any], file: str) -> list[dict[str, Any]]:
        """Return what a file of the batch's results holds."""
        directory = json.loads(ended["output"])["ResultWriterDetails"]["Key"].rpartition("/")[0]
        read = self.machines.account.s3.get_object(Bucket=BUCKET, Key=f"{directory}/{file}")
        results: list[dict[str, Any]] = json.load(read["Body"])
        return results

    @property
    def clients(self) -> Counter[str]:
        """How many DAG runs there are of each client."""
        return Counter(str(run.conf["client"]) for run in self.airflow.runs)


@pytest.fixture(scope="module")
def stack(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    airflow = Airflow()
    directory = tmp_path_factory.mktemp("batches")
    with (
        Front(directory, airflow) as front,
        terraform.stack(front, directory / "configuration") as accounts,
    ):
        batch = {"bucket": BUCKET, "max_concurrency": MAX_CONCURRENCY}
        outputs = accounts.deployment.apply(lambda *_: None, batch=batch).outputs
        accounts.source.create_bucket(BUCKET)
        yield Stack(airflow, front, Machines(accounts.source), outputs)


@pytest.fixture(autouse=True)
def begun_anew(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """No DAG run and no fault; and nobody waits for a retry."""
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
    stack.airflow.runs.clear()
    stack.airflow.unready = frozenset()
    stack.front.faults, stack.front.failed, stack.front.most = 0.0, 0, 0


def clients(count: int) -> Sequence[str]:
    return [f"client {number}" for number in range(count)]


def items(names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    return [
        {"mwaa_env_name": "sandbox", "mwaa_dag_name": DAG, "mwaa_dag_conf": {"client": name}}
        for name in names
    ]


def test_fifty_of_which_three_cannot_be_are_corrected_and_redriven(stack: Stack) -> None:
    names = clients(50)
    stack.airflow.unready = frozenset({names[7], names[20], names[49]})

    failed = stack.start({"dag_runs": items(names)})
    before = stack.clients
    # A function whose execution was stopped may still be at its command when a redrive begins, as on AWS.
    most = stack.front.most
    again = stack.redrive(failed["executionArn"])
    stack.airflow.unready = frozenset()
    ended = stack.redrive(failed["executionArn"])

    for ending in (failed, again):
        assert ending["status"] == "FAILED"
        assert ending["error"] == "States.ExceedToleratedFailureThreshold"
    assert 0 < len(before) < 50 - 3
    assert ended["status"] == "SUCCEEDED", ended
    assert stack.clients == Counter(names)
    assert 1 <= most <= MAX_CONCURRENCY


def test_fifty_of_which_three_may_fail_succeed_with_forty_seven(stack: Stack) -> None:
    names = clients(50)
    failing = {names[7], names[20], names[49]}
    stack.airflow.unready = frozenset(failing)

    with stack.tolerating(6):
        ended = stack.start({"dag_runs": items(names)})

    assert ended["status"] == "SUCCEEDED", ended
    assert stack.clients == Counter(set(names) - failing)
    failed = stack.results(ended, "FAILED_0.json")
    assert {json.loads(result["Input"])["index"] for result in failed} == {7, 20, 49}
    assert all("DagNotFound" in result["Cause"] for result in failed)


def test_each_client_of_a_csv_object_gets_one_dag_run_whatever_fails(stack: Stack) -> None:
    names = clients(ITEMS)
    rows = [f"sandbox,{DAG},{name}" for name in names]
    body = "\n".join(["mwaa_env_name,mwaa_dag_name,conf.client", *rows])
    stack.machines.account.s3.put_object(
        Bucket=BUCKET, Key="batches/clients.csv", Body=body.encode()
    )
    stack.front.faults = 0.1

    event = {"bucket": BUCKET, "key": "batches/clients.csv"}
    ended = stack.start(event, seconds=ITEMS * 10)

    assert ended["status"] == "SUCCEEDED", ended
    assert stack.clients == Counter(names)
    assert stack.front.failed > 0
    assert 1 <= stack.front.most <= MAX_CONCURRENCY
