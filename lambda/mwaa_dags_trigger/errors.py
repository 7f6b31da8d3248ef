"""The errors that the function returns. Their names are the contract with the state machine."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Outcome(Enum):
    """What the function knows about a failed request to create a DAG run."""

    NOT_CREATED = "The request certainly created no DAG run."
    LOST = "No response came back. Sending the request again resolves it."
    REFUSED = "Airflow refused, perhaps because the DAG run exists. A lookup resolves it."


class TriggerError(Exception):
    """Base class of all errors that the function returns.

    Parameters
    ----------
    problem
        What happened, to what, and what to do. Never contains a token or a value of the conf.
    outcome
        Whether the failed request may have created the DAG run.

    Attributes
    ----------
    transient
        Whether the same request may succeed later. If so, the state machine retries it.
    execution_arn, dag_run_id
        Identify the request at the end of the message. The handler sets them if they are known.
    """

    transient: ClassVar[bool] = False

    def __init__(self, problem: str, outcome: Outcome = Outcome.NOT_CREATED) -> None:
        super().__init__(problem)
        self.problem = problem
        self.outcome = outcome
        self.execution_arn: str | None = None
        self.dag_run_id: str | None = None

    def __str__(self) -> str:
        known = {"execution": self.execution_arn, "run id": self.dag_run_id}
        about = ", ".join(f"{name} {value}" for name, value in known.items() if value)
        return f"{self.problem} ({about})" if about else self.problem


class InvalidRequest(TriggerError):
    """The event is invalid.

    The message names the field and the expected value. The function called no AWS API. Correct the
    input.
    """


class EnvironmentNotFound(TriggerError):
    """The MWAA environment does not exist in the function's account and Region.

    This includes environments that could not be created or are being deleted. Check
    `mwaa_env_name`.
    """


class DagNotAllowed(TriggerError):
    """The function may not use the DAG in this environment.

    The function called no AWS API. Add the DAG to `allowed_dags` of the target.
    """


class DagNotFound(TriggerError):
    """Airflow does not know the DAG, and the environment is not being updated.

    Check `mwaa_dag_name`. Airflow needs a moment to parse a new DAG file, and never shows a DAG
    whose file cannot be imported.
    """


class DagRunNotFound(TriggerError):
    """The DAG has no run with the requested run id. The run may have been deleted.

    Check `dag_run_id`.
    """


class DagRunFailed(TriggerError):
    """The execution waited for a DAG run, and the run failed. The message names the failed tasks.

    Clear the tasks in Airflow to continue the same DAG run, then redrive the execution.
    """


class DagRunTimedOut(TriggerError):
    """The DAG run did not end within `timeout_seconds`. The run itself continues.

    Redrive the execution to wait again.
    """


class RunIdConflict(TriggerError):
    """The DAG already has a run with this run id and another conf. No DAG run was created.

    Use a different `run_id` or `idempotency_key` for each request, or omit both.
    """


class AccessDenied(TriggerError):
    """AWS or the Airflow web server denied access to the function.

    The message names the IAM action that the function's role lacks, or the Airflow role to check.
    """


class CommandRejected(TriggerError):
    """Airflow or MWAA refused the request, or the function's timeout is too short for it.

    The message names the kind of Airflow's error, and what to do if the cause is known. It omits the
    text, which may quote the conf.
    """


class EnvironmentNotReady(TriggerError):
    """The environment is being created, updated or maintained. The message names its status.

    During an update, Airflow may not respond, or may not know its DAGs.

    Retrying later is safe.
    """

    transient = True


class MwaaBusy(TriggerError):
    """The web server accepts no more commands at the moment, or AWS throttled a call.

    Retrying later is safe.
    """

    transient = True


class MwaaUnavailable(TriggerError):
    """MWAA could not be reached, or it failed. Retrying is safe."""

    transient = True


class OutcomeUnknown(TriggerError):
    """A response was lost, and the function could not determine whether the DAG run exists.

    Retrying is safe: the run id stays the same, and Airflow accepts each run id only once.
    """

    transient = True

    def __init__(self, problem: str, outcome: Outcome = Outcome.LOST) -> None:
        super().__init__(problem, outcome)
