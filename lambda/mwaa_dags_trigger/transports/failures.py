"""The failures that all transports have in common."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    CommandRejected,
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import DagKey, RunKey

logger = logging.getLogger(__name__)

HIDDEN_MESSAGE_HINT = (
    "Airflow's message may quote the conf and is not shown. To read it, trigger the DAG manually with "
    "the same conf."
)


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
        "Check mwaa_dag_name. Airflow needs a moment to parse a new DAG file, and does not know a DAG whose "
        "file it cannot import: its home page shows import errors."
    )


def refusal_hint(message: str, key: RunKey) -> str:
    """Return what to do about a request that Airflow refused to trigger with this message.

    The wording is from the sources of Airflow 2.11.2, 3.0.6 and 3.3.1.
    """
    run = re.escape(key.dag_run_id)
    hints = {
        r"Invalid input for param|ParamValidationError": (
            f"Check that mwaa_dag_conf matches the params of the DAG. {HIDDEN_MESSAGE_HINT}"
        ),
        rf"run[_ ](id|ID) .*'{run}' (is invalid|does not match)": (
            f"The environment does not allow the run id {key.dag_run_id}: change its Airflow option "
            "scheduler.allowed_run_id_pattern so that it matches."
        ),
        r"does not allow manual runs": "Add manual to allowed_run_types of the DAG.",
        r"has import errors": (
            "Airflow cannot import the file of the DAG: its home page shows import errors."
        ),
        r"^(\w+\.)*(ImportError|ModuleNotFoundError|SyntaxError)\b": (
            "Airflow cannot import a module of the environment: check its plugins and requirements."
        ),
    }
    known = (hint for pattern, hint in hints.items() if re.search(pattern, message))
    return next(known, HIDDEN_MESSAGE_HINT)


def check_time(name: str, deadline: Deadline, seconds: float) -> None:
    """Check that the invocation has enough time for another request.

    Raises
    ------
    MwaaUnavailable
        If it has not.
    """
    if deadline.time_left() < seconds:
        raise MwaaUnavailable(
            f"The function ran out of time before it could call MWAA environment {name}, because its earlier "
            "calls took long. Try again."
        )


def timeout_too_short(name: str, deadline: Deadline, seconds: float) -> CommandRejected:
    """Return the error for an invocation that begins without enough time."""
    return CommandRejected(
        f"The timeout of the function is too short: it has {deadline.time_left():.0f} s for MWAA environment "
        f"{name}, and needs {seconds:.0f} s. Increase function.timeout of the target. Its default is 300 s."
    )
