"""The failures that all transports have in common."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagNotFound, MwaaUnavailable, OutcomeUnknown, TriggerError
from mwaa_dags_trigger.request import DagKey

logger = logging.getLogger(__name__)

HIDDEN_MESSAGE_HINT = (
    "Airflow's message may quote the conf and is not shown. To read it, trigger the DAG manually with "
    "the same conf."
)
CONF_HINT = f"Check that mwaa_dag_conf matches the params of the DAG. {HIDDEN_MESSAGE_HINT}"


@contextmanager
def unexpected_errors_as_lost(name: str) -> Iterator[None]:
    """Raise `OutcomeUnknown` for an unexpected error, because the request may have been sent."""
    try:
        yield
    except TriggerError:
        raise
    except Exception as error:  # noqa: BLE001 (any error leaves the outcome unknown)
        # Without the error's own text, which may quote the response.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("Unexpected %s in the function's code:\n%s", type(error).__name__, frames)
        raise OutcomeUnknown(
            f"The function could not process the response of MWAA environment {name} "
            f"({type(error).__name__}). This is a bug in the function. Its log has the traceback."
        ) from None


def unknown_dag(key: DagKey) -> DagNotFound:
    """Return the error for a DAG that Airflow does not know."""
    return DagNotFound(
        f"Airflow in MWAA environment {key.mwaa_env_name} does not know DAG {key.mwaa_dag_name}. "
        "Check mwaa_dag_name. Airflow needs a moment to parse a new DAG file."
    )


def check_time(name: str, deadline: Deadline, seconds: float) -> None:
    """Check that the invocation has enough time for another request.

    Raises
    ------
    MwaaUnavailable
        If it has not.
    """
    if deadline.time_left() < seconds:
        raise MwaaUnavailable(
            f"The function has too little time left to call MWAA environment {name}. Increase the "
            "function's timeout. Its default is 300 s."
        )
