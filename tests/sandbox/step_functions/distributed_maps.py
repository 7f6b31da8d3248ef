"""State machines with a distributed map, and the results of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines

MACHINE = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:stateMachine:machine"
CHILDREN = f"arn:aws:states:{REGION}:{SOURCE_ACCOUNT}:execution:machine/items:*"
START = {"Action": "states:StartExecution", "Resource": MACHINE}
REDRIVE = {"Action": "states:RedriveExecution", "Resource": CHILDREN}
BUCKET = "batches"
READ = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/in/*"}
WRITE = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/out/*"}
ALL_PERMISSIONS = (START, REDRIVE, READ, WRITE)

# A child fails until its execution has been redriven `fails` times.
FAILING_STATE = {
    "Type": "Pass",
    "QueryLanguage": "JSONata",
    "Output": "{% $states.context.Execution.RedriveCount < $states.input.fails "
    "? $error('not repaired') : $states.input %}",
    "End": True,
}
WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Arguments": {"Bucket": BUCKET, "Prefix": "out"},
}


def distributed_map(states: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    """Return the states of a map over `items`. Each child runs these states, or `FAILING_STATE`."""
    states = states or {"Work": FAILING_STATE}
    return {
        "Map": {
            "Type": "Map",
            "QueryLanguage": "JSONata",
            "Label": "items",
            "MaxConcurrency": 1,
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": next(iter(states)),
                "States": states,
            },
            "End": True,
            **({} if "ItemReader" in fields else {"Items": "{% $states.input.items %}"}),
            **fields,
        }
    }


def item_reader(key: str, **configuration: Any) -> Mapping[str, Any]:
    """Return an item reader of this object."""
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": BUCKET, "Key": key},
        "ReaderConfig": configuration,
    }


def items(*fails: int) -> Mapping[str, Any]:
    """Return an input with one item for each number. `FAILING_STATE` fails that many times for the item."""
    return {"items": [{"n": n, "fails": count} for n, count in enumerate(fails)]}


def map_run(machines: Machines, execution: str) -> Mapping[str, Any]:
    """Return the description of the map run of an execution."""
    states = machines.account.states
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    return states.describe_map_run(mapRunArn=run["mapRunArn"])


def counts(machines: Machines, execution: str) -> Mapping[str, int]:
    """Return the number of children by status, without zeros."""
    return {
        status: count
        for status, count in map_run(machines, execution)["itemCounts"].items()
        if count and status in {"succeeded", "failed", "aborted", "pending"}
    }


def results(machines: Machines, run: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the results of a map run in S3, by status."""

    def load(key: str) -> Any:
        return json.load(machines.account.s3.get_object(Bucket=BUCKET, Key=key)["Body"])

    manifest = load(f"out/{run.rpartition(':')[2]}/manifest.json")
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (BUCKET, run)
    return {
        status: [child for file in files for child in load(file["Key"])]
        for status, files in manifest["ResultFiles"].items()
    }
