"""Objects in S3 that a distributed map reads and writes."""

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

from sandbox.aws.moto_patches.failures import create_failure
from sandbox.aws.moto_patches.map_child import Child
from sandbox.aws.moto_patches.task_credentials import TaskCredentials, TaskSession

# The files of results, and the statuses of the children in each file.
_STATUSES_BY_FILE = {
    "FAILED": ("ABORTED", "FAILED"),
    "PENDING": ("PENDING",),
    "SUCCEEDED": ("SUCCEEDED",),
}


@contextmanager
def patch_map_storage(credentials: TaskCredentials) -> Iterator[None]:
    """Read items and write results with the state machine's role.

    moto: calls S3 at a fixed port with fixed keys, writes a manifest without results, and does not convert errors of
    S3.
    AWS: uses the state machine's role, writes one file of results for each outcome, and fails the state with
    `States.ItemReaderFailed` or `States.ResultWriterFailed`. Sources: "ItemReader (Map)", "ResultWriter (Map)" and
    "Handling errors in Step Functions workflows" in the AWS Step Functions Developer Guide.
    Patch: creates the clients with `TaskCredentials`, writes the files, and converts the errors.
    Limits: no items from a list of objects, a manifest or Parquet; only one file for each outcome; no `WriterConfig`.
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
        files: dict[str, list[dict[str, Any]]] = {name: [] for name in _STATUSES_BY_FILE}
        for name, statuses in _STATUSES_BY_FILE.items():
            children = [_describe(child) for child in run.children if child.status in statuses]
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
        for owner, name, replacement in (
            (reader, "boto_client_for", credentials.client),
            (reader.ResourceEvalS3, "eval_resource", call_as_role),
            (writer.ResourceEvalS3, "eval_resource", call_as_role),
            (writer.ResourceEvalS3, "_handle_put_object", staticmethod(put_results)),
            (ItemReader, "_eval_body", _convert_errors("ItemReaderFailed", ItemReader._eval_body)),
            (
                ResultWriter,
                "_eval_body",
                _convert_errors("ResultWriterFailed", ResultWriter._eval_body),
            ),
        ):
            stack.enter_context(patch.object(owner, name, replacement))
        yield


def _convert_errors(
    error: str, evaluate: Callable[[Any, Environment], None]
) -> Callable[[Any, Environment], None]:
    """Return `evaluate` with all errors converted to this error of the `States.` family."""

    def evaluate_and_convert(component: Any, env: Environment) -> None:
        try:
            evaluate(component, env)
        except FailureEventException:
            raise
        except Exception as problem:
            kind = StatesErrorNameType[f"States{error}"]
            raise create_failure(env, str(problem), error=kind) from problem

    return evaluate_and_convert


def _describe(child: Child) -> dict[str, Any]:
    """Return the entry of a child in a file of results. Its input and output are strings with JSON."""
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
