"""The handler, and what lives as long as its container."""

# ruff: noqa: E402

from __future__ import annotations

import gc

# Nothing that the start makes is garbage; to look for it would take a tenth of the start's time.
gc.disable()

import logging
import os
from contextvars import ContextVar
from typing import Any, Protocol

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import Environments, mwaa_client
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.request import execution_arn, parse
from mwaa_dags_trigger.status import status_of
from mwaa_dags_trigger.transport import Transport
from mwaa_dags_trigger.trigger import trigger_once

logger = logging.getLogger(__name__)

_execution_arn: ContextVar[str | None] = ContextVar("execution_arn", default=None)


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the time until the invocation ends."""
        ...


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Have one DAG run made, or say how far one is.

    Parameters
    ----------
    event
        See `mwaa_dags_trigger.request.parse`.
    context
        Lambda's own.

    Returns
    -------
    dict
        See `mwaa_dags_trigger.trigger.trigger_once` and `mwaa_dags_trigger.status.status_of`.

    Raises
    ------
    TriggerError
        A subclass, whose name is Step Functions' error name.
    """
    deadline = Deadline(time_left=lambda: context.get_remaining_time_in_millis() / 1000)
    return handle(event, TRANSPORT, deadline)


def handle(event: object, transport: Transport, deadline: Deadline) -> dict[str, Any]:
    """Do what `lambda_handler` does, with parts of the caller's own."""
    arn = execution_arn(event)
    _execution_arn.set(arn)
    run_id = None
    try:
        request = parse(event)
        run_id = request.dag_run_id
        logger.info("Asking MWAA for %s", request)
        act = status_of if request.action == "status" else trigger_once
        result = act(request, transport, deadline)
    except TriggerError as error:
        error.execution_arn, error.dag_run_id = arn, run_id
        raise
    logger.info("DAG run %s is %s, created: %s", run_id, result["state"], result.get("created"))
    return result


def _keep_execution_arn_in_logs() -> None:
    """Put the execution's ARN on every log record, whichever library writes it.

    Lambda's JSON log format shows a record's further attributes as fields (awslambdaric).
    """
    make_record = logging.getLogRecordFactory()

    def make_record_with_arn(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        record.execution_arn = _execution_arn.get()
        return record

    logging.setLogRecordFactory(make_record_with_arn)


_keep_execution_arn_in_logs()

_environments = Environments(mwaa_client())
# Made while the container starts, when Lambda gives the most CPU; connections and tokens are kept.
TRANSPORT: Transport
match os.environ.get("TRANSPORT", "cli"):
    # Only one is imported, because each takes its time.
    case "cli":
        from mwaa_dags_trigger.cli import CliTransport

        TRANSPORT = CliTransport(_environments)
    case "rest":
        from mwaa_dags_trigger.rest import RestTransport

        TRANSPORT = RestTransport(_environments)
    case other:
        raise RuntimeError(
            f"The function's environment variable TRANSPORT must be 'cli' or 'rest', not {other!r}."
        )
gc.freeze()
gc.enable()
