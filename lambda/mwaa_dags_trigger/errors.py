"""The errors by which a request ends; their names are the contract with the state machine."""

from __future__ import annotations

from typing import ClassVar


class TriggerError(Exception):
    """Base of every error by which a request ends.

    Parameters
    ----------
    problem
        What happened, to what, and what to do. Never a token, never a value of conf.

    Attributes
    ----------
    transient
        Whether the same request may succeed later, so that the state machine tries again.
    execution_arn, dag_run_id
        Of the request, where it has them; the handler fills them in. They end the message.
    """

    transient: ClassVar[bool] = False

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.execution_arn: str | None = None
        self.dag_run_id: str | None = None

    def __str__(self) -> str:
        known = {"execution": self.execution_arn, "run id": self.dag_run_id}
        about = ", ".join(f"{name} {value}" for name, value in known.items() if value)
        return f"{self.problem} ({about})" if about else self.problem


class InvalidRequest(TriggerError):
    """The event is not one that can be carried out.

    The message names the field and what was expected. No call to AWS was made. Correct the input.
    """


class EnvironmentNotFound(TriggerError):
    """There is no such MWAA environment in the function's account and Region.

    Also where it was never created, or is being deleted. Check `mwaa_env_name`.
    """


class DagNotAllowed(TriggerError):
    """The DAG is none that the function may ask for in this environment.

    No call to AWS was made. Have the target's `allowed_dags` name the DAG.
    """


class DagNotFound(TriggerError):
    """Airflow does not know the DAG.

    Check `mwaa_dag_name`. A new DAG file takes a moment to be parsed, and one that does not import
    never appears.
    """


class DagRunNotFound(TriggerError):
    """The DAG has no run with this run id, whose state was asked for; it may have been deleted.

    Check `dag_run_id`.
    """


class DagRunFailed(TriggerError):
    """The DAG run that the execution waits for has failed; the message names the failed tasks.

    Clear them in Airflow, so that the same DAG run goes on, and redrive the execution.
    """


class DagRunTimedOut(TriggerError):
    """The execution has waited for as long as it may; the DAG run itself goes on.

    Redrive the execution to wait again.
    """


class RunIdConflict(TriggerError):
    """The DAG has a run with this run id, but with another conf; nothing was made.

    Give each request a `run_id` or an `idempotency_key` of its own, or none.
    """


class AccessDenied(TriggerError):
    """AWS or the Airflow web server refused the function.

    The message names the IAM action that the function's role lacks.
    """


class CommandRejected(TriggerError):
    """Airflow or MWAA refused what was asked for a reason of its own; no DAG run was made.

    The message names the kind of Airflow's error, and not its text, which may quote the conf.
    """


class EnvironmentNotReady(TriggerError):
    """The environment is being created, updated or maintained; the message names its status.

    Trying again later is safe and will do.
    """

    transient = True


class MwaaBusy(TriggerError):
    """The web server takes no more commands at once, or AWS throttled a call.

    Trying again is safe and will do.
    """

    transient = True


class MwaaUnavailable(TriggerError):
    """MWAA could not be reached, or failed. Trying again is safe."""

    transient = True


class OutcomeUnknown(TriggerError):
    """The request was sent, its answer was lost, and looking for the run did not settle it.

    There may be a DAG run or none. Trying again is safe, because the run id stays the same and
    Airflow takes one once.
    """

    transient = True
