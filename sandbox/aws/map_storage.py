"""What a distributed map reads from S3 and writes there: moto does both at a fixed port, and writes no results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval import (
    resource_eval_s3 as reader,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import (
    ItemReader,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval import (
    resource_eval_s3 as writer,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import (
    ResultWriter,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from sandbox.aws.failures import failure
from sandbox.aws.map_child import Child
from sandbox.aws.step_functions import TaskCredentials, TaskSession

# "ResultWriter (Map)": the files, and the children in each.
_FILES = {
    "FAILED": ("ABORTED", "FAILED"),
    "PENDING": ("PENDING",),
    "SUCCEEDED": ("SUCCEEDED",),
}


@contextmanager
def maps_over_s3(credentials: TaskCredentials) -> Iterator[None]:
    """Read items from S3 and write results there, with a session of the state machine's role, while the `with` lasts.

    AWS pages "ItemReader (Map)" and "ResultWriter (Map)". Left out: items from a list of objects, a manifest
    or Parquet; a second file of results where the first is full; `WriterConfig`.
    """

    def call_as_role(access: Any, env: Environment) -> None:
        access.resource.eval(env=env)
        part: ResourceRuntimePart = env.stack.pop()
        session = credentials.session(env, env.aws_execution_details.role_arn)
        access._get_api_action_handler()(env, part, session)

    def put_results(env: Environment, part: ResourceRuntimePart, session: TaskSession) -> None:
        destination = env.stack.pop()
        bucket = destination["Bucket"]
        run = env.map_run_record_pool_manager.get_all()[-1]
        run_id = run.map_run_arn.rpartition(":")[2]
        folder = f"{destination.get('Prefix', '').rstrip('/')}/{run_id}".lstrip("/")
        s3 = credentials.client(part.region, "s3", session)
        files: dict[str, list[dict[str, Any]]] = {name: [] for name in _FILES}
        for name, statuses in _FILES.items():
            children = [_described(child) for child in run.children if child.status in statuses]
            if children:
                key, body = f"{folder}/{name}_0.json", json.dumps(children).encode()
                s3.put_object(Bucket=bucket, Key=key, Body=body)
                files[name].append({"Key": key, "Size": len(body)})
        manifest = {
            "DestinationBucket": bucket,
            "MapRunArn": run.map_run_arn,
            "ResultFiles": files,
        }
        written = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
        s3.put_object(**written, Body=json.dumps(manifest).encode())
        env.stack.append({"MapRunArn": run.map_run_arn, "ResultWriterDetails": written})

    with ExitStack() as stack:
        for owner, name, own in (
            (reader, "boto_client_for", credentials.client),
            (reader.ResourceEvalS3, "eval_resource", call_as_role),
            (writer.ResourceEvalS3, "eval_resource", call_as_role),
            (writer.ResourceEvalS3, "_handle_put_object", staticmethod(put_results)),
            (ItemReader, "_eval_body", _failing_as("ItemReaderFailed", ItemReader._eval_body)),
            (
                ResultWriter,
                "_eval_body",
                _failing_as("ResultWriterFailed", ResultWriter._eval_body),
            ),
        ):
            stack.enter_context(patch.object(owner, name, own))
        yield


def _failing_as(
    error: str, evaluate: Callable[[Any, Environment], None]
) -> Callable[[Any, Environment], None]:
    """Let whatever goes wrong be this error of the `States.` family, as it is at AWS."""

    def failing(component: Any, env: Environment) -> None:
        try:
            evaluate(component, env)
        except FailureEventException:
            raise
        except Exception as problem:
            kind = StatesErrorNameType[f"States{error}"]
            raise failure(env, str(problem), error=kind) from problem

    return failing


def _described(child: Child) -> dict[str, Any]:
    """Return what a file of results has of a child; its input and output are JSON in a text."""
    description: dict[str, Any] = {
        "ExecutionArn": child.arn,
        "Input": json.dumps(child.input),
        "InputDetails": {"Included": True},
        "Name": child.arn.rpartition(":")[2],
        "RedriveCount": child.redrives,
        "StateMachineArn": child.arn.rpartition(":")[0].replace(":execution:", ":stateMachine:"),
        "Status": child.status,
    }
    if child.started:
        description["StartDate"] = child.started.isoformat()
    if child.stopped:
        description["StopDate"] = child.stopped.isoformat()
    if child.status == "SUCCEEDED":
        description["Output"] = json.dumps(child.output)
        description["OutputDetails"] = {"Included": True}
    if child.error is not None:
        description["Error"] = child.error
    if child.cause is not None:
        description["Cause"] = child.cause
    return description
