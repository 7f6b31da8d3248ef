"""Batches create exactly one DAG run for each item, even if MWAA fails."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.rules import DAG
from tests.sandbox.deployment.faulty_mwaa import FaultyAirflow, FaultyFront
from tests.support.local_aws.skipped_waits import skip_retry_waits
from tests.support.local_aws.state_machines import Machines
from tests.support.local_aws.terraform import Terraform

# All tests of this module share one sandbox and one apply.
pytestmark = pytest.mark.xdist_group("batches")

ITEMS = int(os.environ.get("BATCH_ITEMS", "60"))
"""Items of the batch under faults. `make soak` sets 1,000."""
BUCKET = "batches"
MAX_CONCURRENCY = 3


@dataclass(frozen=True)
class Stack:
    """The deployed configuration with batches, its MWAA and its state machines."""

    airflow: FaultyAirflow
    front: FaultyFront
    machines: Machines
    outputs: Mapping[str, str]

    def start(self, event: Mapping[str, Any], *, seconds: float = 600) -> Mapping[str, Any]:
        """Start a batch, wait until it ends, and return its description."""
        states = self.machines.account.states
        arn = self.outputs["batch_state_machine_arn"]
        started = states.start_execution(stateMachineArn=arn, input=json.dumps(event))
        return self.machines.account.wait_for_end(started["executionArn"], timeout=seconds)

    def redrive(self, arn: str) -> Mapping[str, Any]:
        """Redrive a batch, wait until it ends, and return its description."""
        return self.machines.redrive(arn)

    @contextmanager
    def tolerating(self, percentage: int) -> Iterator[None]:
        """Tolerate this percentage of failed items."""
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
        """Return the content of a file with results of the batch."""
        directory = json.loads(ended["output"])["ResultWriterDetails"]["Key"].rpartition("/")[0]
        read = self.machines.account.s3.get_object(Bucket=BUCKET, Key=f"{directory}/{file}")
        results: list[dict[str, Any]] = json.load(read["Body"])
        return results

    @property
    def clients(self) -> Counter[str]:
        """Number of DAG runs of each client."""
        return Counter(str(run.conf["client"]) for run in self.airflow.runs)


@pytest.fixture(scope="module")
def stack(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    airflow = FaultyAirflow()
    directory = tmp_path_factory.mktemp("batches")
    with (
        FaultyFront(directory, airflow) as front,
        terraform.stack(front, directory / "configuration") as accounts,
    ):
        batch = {"bucket": BUCKET, "max_concurrency": MAX_CONCURRENCY}
        outputs = accounts.deployment.apply(lambda *_: None, batch=batch).outputs
        accounts.source.create_bucket(BUCKET)
        yield Stack(airflow, front, Machines(accounts.source), outputs)


@pytest.fixture(autouse=True)
def reset(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all DAG runs and faults, and skip the waits between retries."""
    skip_retry_waits(monkeypatch)
    stack.airflow.runs.clear()
    stack.airflow.unready = frozenset()
    stack.front.fault_rate, stack.front.failed, stack.front.max_concurrency = 0.0, 0, 0


def clients(count: int) -> Sequence[str]:
    return [f"client {number}" for number in range(count)]


def items(names: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    return [
        {"mwaa_env_name": "sandbox", "mwaa_dag_name": DAG, "mwaa_dag_conf": {"client": name}}
        for name in names
    ]


def test_a_redrive_completes_a_batch_in_which_three_of_fifty_items_failed(stack: Stack) -> None:
    names = clients(50)
    stack.airflow.unready = frozenset({names[7], names[20], names[49]})

    failed = stack.start({"dag_runs": items(names)})
    before = stack.clients
    # When the redrive begins, functions of stopped executions may still run, as on AWS.
    max_concurrency = stack.front.max_concurrency
    again = stack.redrive(failed["executionArn"])
    stack.airflow.unready = frozenset()
    ended = stack.redrive(failed["executionArn"])

    for ending in (failed, again):
        assert ending["status"] == "FAILED"
        assert ending["error"] == "States.ExceedToleratedFailureThreshold"
    assert 0 < len(before) < 50 - 3
    assert ended["status"] == "SUCCEEDED", ended
    assert stack.clients == Counter(names)
    assert 1 <= max_concurrency <= MAX_CONCURRENCY


def test_a_batch_that_tolerates_three_failures_succeeds_with_the_other_items(stack: Stack) -> None:
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


def test_a_batch_from_csv_creates_one_dag_run_for_each_row_under_random_faults(
    stack: Stack,
) -> None:
    names = clients(ITEMS)
    rows = [f"sandbox,{DAG},{name}" for name in names]
    body = "\n".join(["mwaa_env_name,mwaa_dag_name,conf.client", *rows])
    stack.machines.account.s3.put_object(
        Bucket=BUCKET, Key="batches/clients.csv", Body=body.encode()
    )
    stack.front.fault_rate = 0.1

    event = {"bucket": BUCKET, "key": "batches/clients.csv"}
    ended = stack.start(event, seconds=ITEMS * 10)

    assert ended["status"] == "SUCCEEDED", ended
    assert stack.clients == Counter(names)
    assert stack.front.failed > 0
    assert 1 <= stack.front.max_concurrency <= MAX_CONCURRENCY
