"""What moto leaves out of the context object of a Step Functions execution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from unittest.mock import patch

from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker


@contextmanager
def context_completed() -> Iterator[None]:
    """Put what AWS documents into `Execution` while the `with` lasts: redrives, and the start as text.

    AWS page "Accessing execution data from the Context object in Step Functions".
    """
    environment = ExecutionWorker._get_evaluation_environment

    def with_whole_context(worker: ExecutionWorker) -> Environment:
        env = environment(worker)
        redrives = redrives_of(worker._execution_communication.execution)
        execution = env.states.context_object.context_object_data["Execution"]
        # moto leaves a datetime there, which no output can hold.
        execution["StartTime"] = execution["StartTime"].isoformat()
        execution["RedriveCount"] = len(redrives)
        if redrives:
            execution["RedriveTime"] = redrives[-1].isoformat()
        return env

    with patch.object(ExecutionWorker, "_get_evaluation_environment", with_whole_context):
        yield


def redrives_of(execution: Execution) -> list[datetime]:
    """Return when the execution was redriven; `sandbox.aws.redrive` notes it on moto's object."""
    redrives: list[datetime] = getattr(execution, "redrives", [])
    return redrives
