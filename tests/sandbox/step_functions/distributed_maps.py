"""State machines of one distributed map, and what its run has come to."""

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
ALL = (START, REDRIVE, READ, WRITE)

# A child fails where its item asks for more redrives than there have been.
WORK = {
    "Type": "Pass",
    "QueryLanguage": "JSONata",
    "Output": "{% $states.context.Execution.RedriveCount < $states.input.fails "
    "? $error('not mended') : $states.input %}",
    "End": True,
}
WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Arguments": {"Bucket": BUCKET, "Prefix": "out"},
}


def distributed(states: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    """A state machine of one map over `items`, with these states for each or `WORK`."""
    states = states or {"Work": WORK}
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


def read(key: str, **configuration: Any) -> Mapping[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": BUCKET, "Key": key},
        "ReaderConfig": configuration,
    }


def items(*fails: int) -> Mapping[str, Any]:
    return {"items": [{"n": n, "fails": count} for n, count in enumerate(fails)]}


def run_of(machines: Machines, execution: str) -> Mapping[str, Any]:
    states = machines.account.states
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    return states.describe_map_run(mapRunArn=run["mapRunArn"])


def counts(machines: Machines, execution: str) -> Mapping[str, int]:
    """Return how many children there are of each status that one of them has."""
    return {
        status: count
        for status, count in run_of(machines, execution)["itemCounts"].items()
        if count and status in {"succeeded", "failed", "aborted", "pending"}
    }


def results(machines: Machines, run: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    def load(key: str) -> Any:
        return json.load(machines.account.s3.get_object(Bucket=BUCKET, Key=key)["Body"])

    manifest = load(f"out/{run.rpartition(':')[2]}/manifest.json")
    assert (manifest["DestinationBucket"], manifest["MapRunArn"]) == (BUCKET, run)
    return {
        status: [child for file in files for child in load(file["Key"])]
        for status, files in manifest["ResultFiles"].items()
    }
