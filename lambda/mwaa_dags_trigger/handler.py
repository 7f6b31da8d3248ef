"""What one invocation does, whatever container it runs in."""

from __future__ import annotations

import logging
from typing import Any

from mwaa_dags_trigger import logs
from mwaa_dags_trigger.allowed_dags import AllowedDags
from mwaa_dags_trigger.check import check
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.request import Check, RunKey, Trigger, execution_arn, parse
from mwaa_dags_trigger.status import status_of
from mwaa_dags_trigger.transport import Transport
from mwaa_dags_trigger.trigger import trigger_once

logger = logging.getLogger(__name__)


def handle(
    event: object, transport: Transport, deadline: Deadline, *, allowed_dags: AllowedDags
) -> dict[str, Any]:
    """Have one DAG run made, or return how far one is.

    Parameters
    ----------
    event
        See `mwaa_dags_trigger.request.parse`.
    transport
        How Airflow is reached.
    deadline
        The end of the invocation.
    allowed_dags
        The DAGs that may be asked for.

    Returns
    -------
    dict
        See `mwaa_dags_trigger.trigger.trigger_once`, `mwaa_dags_trigger.status.status_of` and
        `mwaa_dags_trigger.check.check`.

    Raises
    ------
    TriggerError
        A subclass, whose name is Step Functions' error name.
    """
    arn = execution_arn(event)
    logs.execution_arn.set(arn)
    run_id = None
    try:
        request = parse(event)
        logger.info("Asking MWAA for %s", request)
        run = request if isinstance(request, RunKey) else request.run
        run_id = run.dag_run_id
        allowed_dags.check(run)
        if isinstance(request, Trigger):
            result = trigger_once(request, transport, deadline)
        elif isinstance(request, Check):
            result = check(request, transport, deadline)
        else:
            result = status_of(run, transport, deadline)
    except TriggerError as error:
        error.execution_arn, error.dag_run_id = arn, run_id
        raise
    logger.info("DAG run %s is %s, created: %s", run_id, result["state"], result.get("created"))
    return result
