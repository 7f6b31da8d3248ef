"""One invocation, from the event to the result."""

from __future__ import annotations

import logging
from typing import Any

from mwaa_dags_trigger import logs
from mwaa_dags_trigger.actions.check import check
from mwaa_dags_trigger.actions.describe_dag import DagResult, describe_dag
from mwaa_dags_trigger.actions.result import Result
from mwaa_dags_trigger.actions.status import get_status
from mwaa_dags_trigger.actions.trigger import trigger_once
from mwaa_dags_trigger.allowed import Allowed
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.request import Check, DescribeDag, Request, RunKey, Status, Trigger, parse
from mwaa_dags_trigger.run_id import execution_arn
from mwaa_dags_trigger.transports.base import Transport

logger = logging.getLogger(__name__)


def handle(
    event: object, transport: Transport, deadline: Deadline, *, allowed: Allowed
) -> dict[str, Any]:
    """Create a DAG run, or return its state.

    Parameters
    ----------
    event
        See `mwaa_dags_trigger.request.parse`.
    transport
        The connection to Airflow.
    deadline
        The end of the invocation.
    allowed
        The environments, DAGs and state machines that the function accepts.

    Returns
    -------
    dict
        The result of the action, as JSON: see `mwaa_dags_trigger.actions`.

    Raises
    ------
    TriggerError
        A subclass. Its class name is the error name in Step Functions.
    """
    arn = execution_arn(event)
    about: dict[str, str | None] = {**logs.NO_REQUEST, "execution_arn": arn}
    logs.about.set(about)
    try:
        request = parse(event)
        key = request.key
        about |= {
            "mwaa_dag_name": key.mwaa_dag_name,
            "dag_run_id": key.dag_run_id if isinstance(key, RunKey) else None,
        }
        logger.info("Request: %s", request)
        allowed.check(key, arn)
        result = _act(request, transport, deadline).to_dict()
    except TriggerError as error:
        error.execution_arn, error.dag_run_id = arn, about["dag_run_id"]
        # The runtime logs errors without the additional fields.
        logger.error("%s: %s", type(error).__name__, error)
        raise
    except Exception as error:
        logger.error("%s: This is a bug in the function.", type(error).__name__)
        raise
    logger.info("Result: %s", result)
    return result


def _act(request: Request, transport: Transport, deadline: Deadline) -> Result | DagResult:
    match request:
        case Trigger():
            return trigger_once(request, transport, deadline)
        case Status():
            return get_status(request, transport, deadline)
        case Check():
            return check(request, transport, deadline)
        case DescribeDag():
            return describe_dag(request, transport, deadline)
