"""What to do about each error. `docs/operations.md` contains the same texts as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from mwaa_dags.arns import short_name

if TYPE_CHECKING:
    from mwaa_dags.executions import Execution


class Redrive(Enum):
    """Whether a redrive of the same input can help."""

    HELPS = "after the cause is repaired"
    FAILS_AGAIN = "never, because the input stays the same"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """The meaning of an error, and the steps that repair it.

    Parameters
    ----------
    steps
        Sentences in Markdown with the placeholders `{dag}`, `{env}` and `{execution}`.
    about
        What identifies the cause together with the error: the DAG, the environment, or nothing else.
    """

    meaning: str
    steps: tuple[str, ...]
    redrive: Redrive = Redrive.HELPS
    about: Literal["dag", "env", "nothing"] = "nothing"


_REDRIVE = "Run `mwaa-dags redrive {execution}`."
_REDRIVE_SAME_RUN = f"{_REDRIVE} It continues with the same DAG run and never creates a second one."
_NEW = "Start a new execution with `mwaa-dags run`."
_DOCTOR = "Run `mwaa-dags doctor --env {env} --dag {dag}`."

FUNCTION_ERRORS: Mapping[str, Advice] = {
    "InvalidRequest": Advice(
        meaning="A field is missing, wrong or unknown. The message names the field and the expected value. The "
        "function called no AWS API.",
        steps=(
            "If the message says that the state machine may be newer than the function, upgrade the target. If it says "
            "that the target does not trust the state machine, add it to `trusted_sources`, and apply the target. "
            "In both cases, run `mwaa-dags redrive {execution} --force`.",
            f"Otherwise, correct the field that the message names. {_NEW}",
        ),
        redrive=Redrive.FAILS_AGAIN,
    ),
    "EnvironmentNotFound": Advice(
        meaning="The MWAA environment is not in `mwaa_environments` of the target, and the message names similar "
        "environments. Or it does not exist in the target account and Region, its creation failed, or it is being "
        "deleted.",
        steps=(
            f"Check the name of the environment. {_DOCTOR}",
            "If the name is right, add it to `mwaa_environments`, apply the target, and run `mwaa-dags redrive "
            "{execution}`. If it was wrong, start a new execution with `mwaa-dags run`.",
        ),
        about="env",
    ),
    "DagNotAllowed": Advice(
        meaning="`allowed_dags` of the target lists other DAGs for this environment. The function called no AWS API.",
        steps=("Add {dag} to `allowed_dags` of the target, and apply the target.", _REDRIVE),
        about="dag",
    ),
    "DagNotFound": Advice(
        meaning="Airflow does not know the DAG, and the environment is not being updated. Airflow needs a moment to "
        "parse a new DAG file, and does not know a DAG whose file it cannot import.",
        steps=(
            f"Check the DAG id and the import errors of the environment. {_DOCTOR}",
            "If the id was right and the file is repaired, run `mwaa-dags redrive {execution}`. If the id was "
            "wrong, start a new execution with `mwaa-dags run`.",
        ),
        about="dag",
    ),
    "DagRunNotFound": Advice(
        meaning="The DAG has no run with the requested run id. If an execution waited for the run, somebody has "
        "deleted it.",
        steps=(
            "Check in Airflow who deleted the DAG run.",
            f"To run the DAG again: {_NEW[0].lower()}{_NEW[1:]}",
        ),
        redrive=Redrive.FAILS_AGAIN,
        about="dag",
    ),
    "DagRunFailed": Advice(
        meaning="The execution waited for a DAG run, and the run failed. The message names the failed tasks.",
        steps=(
            "Find out why the tasks failed, and clear them in Airflow. A redrive before that fails at once.",
            _REDRIVE_SAME_RUN,
        ),
        about="dag",
    ),
    "DagRunTimedOut": Advice(
        meaning="The DAG run has not ended within `timeout_seconds`. The run itself continues. The message says if "
        "it has not started, or if its DAG is paused.",
        steps=(
            "Check the DAG run in Airflow. If its DAG is paused, unpause the DAG.",
            "Run `mwaa-dags redrive {execution}`. It waits for the same DAG run and the same time again.",
            "For future executions, increase `wait_for_completion.timeout_seconds`.",
        ),
        about="dag",
    ),
    "RunIdConflict": Advice(
        meaning="A DAG run with this `run_id` or `idempotency_key` exists already, with a different conf. This "
        "request created nothing.",
        steps=(
            "Find out in Airflow whether you want the DAG run that exists.",
            "Otherwise, start a new execution with another key, or without a key.",
        ),
        redrive=Redrive.FAILS_AGAIN,
        about="dag",
    ),
    "AccessDenied": Advice(
        meaning="AWS denied a call of the function, and the message names the IAM action. Or the web server denied "
        "the request.",
        steps=(
            f"Find the missing permission. {_DOCTOR}",
            "If AWS denied the call, add the environment to `mwaa_environments` and apply the target. With `rest`, "
            "also check that `airflow_role` exists in the environment. If the web server denied the request: with "
            "`cli`, check that it accepts requests from the function's network; with `rest`, allow `airflow_role` to "
            "see and trigger the DAG.",
            _REDRIVE,
        ),
        about="env",
    ),
    "CommandRejected": Advice(
        meaning="Airflow rejected the request, or the timeout of the function is too short. The message says what to "
        "do if the cause is known, for example if the conf does not match the params of the DAG. It names the"
        " type of Airflow's error, but omits its text, which may quote the conf.",
        steps=(
            f"Follow the message, and compare the conf with the params of the DAG. {_DOCTOR} It lists the params.",
            f"If the conf was wrong: {_NEW[0].lower()}{_NEW[1:]} Otherwise, run `mwaa-dags redrive {{execution}} "
            "--force`.",
        ),
        redrive=Redrive.FAILS_AGAIN,
        about="dag",
    ),
    "EnvironmentNotReady": Advice(
        meaning="The environment has no web server yet, or during an update the web server did not respond or did not"
        " know the DAG or the DAG run. The message names the status of the environment. The state machine "
        "retries for 3 hours.",
        steps=(
            "Wait until the environment is AVAILABLE. An update that waits for running workers can take up to 12 "
            f"hours. {_DOCTOR}",
            _REDRIVE,
        ),
        about="env",
    ),
    "MwaaBusy": Advice(
        meaning="The web server accepts no more commands at the moment, or AWS throttled a call. The state machine "
        "retries for about an hour.",
        steps=('Start fewer executions at once, or use `transport = "rest"`.', _REDRIVE),
        about="env",
    ),
    "MwaaUnavailable": Advice(
        meaning="MWAA could not be reached, or it failed. The message names the cause if it is known: a proxy that "
        "does not connect, a certificate that the function does not trust, or the network. The state machine "
        "retries for some minutes.",
        steps=(f"Correct the cause. {_DOCTOR}", _REDRIVE),
        about="env",
    ),
    "OutcomeUnknown": Advice(
        meaning="A response was lost, and the function could not determine whether the DAG run exists. The state "
        "machine retries for some minutes.",
        steps=(_REDRIVE_SAME_RUN,),
        about="env",
    ),
}
"""The errors of the function."""

SERVICE_ERRORS: Mapping[str, Advice] = {
    "States.TaskFailed": Advice(
        meaning="If the cause says *is not authorized to assume the task state's role*, the target does not trust the"
        " source, or has trusted it only for a moment. Otherwise, a permission of the state machine's role is"
        " missing.",
        steps=(
            f"{_DOCTOR} It names the part of the trust policy or the permission that is wrong.",
            "Apply both accounts.",
            _REDRIVE,
        ),
    ),
    "Lambda.TooManyRequestsException": Advice(
        meaning="Lambda throttled the function for about an hour. Its reserved concurrency or the limit of the "
        "account is too low.",
        steps=("Increase `function.reserved_concurrency`, and apply the target.", _REDRIVE),
    ),
    "Lambda.ResourceNotFoundException": Advice(
        meaning="The function or its alias does not exist.",
        steps=("Apply the target, then the source.", _REDRIVE),
    ),
    "Lambda.AccessDeniedException": Advice(
        meaning="The target role may not invoke the function.",
        steps=("Apply the target.", _REDRIVE),
    ),
    "Lambda.AWSLambdaException": Advice(
        meaning="The target role may not invoke the function, or Lambda failed.",
        steps=(f"Find the missing permission. {_DOCTOR}", "Apply the target.", _REDRIVE),
    ),
    **dict.fromkeys(
        (
            *("Lambda.KMSAccessDeniedException", "Lambda.KMSDisabledException"),
            *("Lambda.KMSInvalidStateException", "Lambda.KMSNotFoundException"),
        ),
        Advice(
            meaning="Lambda cannot use the key of the function, `function.kms_key_arn`.",
            steps=("Check the key and its policy.", _REDRIVE),
        ),
    ),
    **dict.fromkeys(
        ("Lambda.InvalidSubnetIDException", "Lambda.InvalidSecurityGroupIDException"),
        Advice(
            meaning="A subnet or a security group of `vpc` does not exist any more.",
            steps=("Correct `vpc`, and apply the target.", _REDRIVE),
        ),
    ),
    **dict.fromkeys(
        ("Runtime.ImportModuleError", "Runtime.HandlerNotFound", "Runtime.UserCodeSyntaxError"),
        Advice(
            meaning="The version of the function that the alias invokes cannot be loaded.",
            steps=(
                f"{_DOCTOR} It names the version.",
                "Run `make package`, and apply the target. Or move the alias back, as in "
                "[Roll back](deployment.md#roll-back).",
                _REDRIVE,
            ),
        ),
    ),
    "RuntimeError": Advice(
        meaning="An environment variable of the function is invalid, and the message names it. Or a preliminary task "
        "raised this error.",
        steps=("Apply the target, or repair the preliminary task.", _REDRIVE),
    ),
    "Sandbox.Timedout": Advice(
        meaning="The function ran out of time. The next attempt finds the DAG run if it exists.",
        steps=("Increase `function.timeout`, and apply the target.", _REDRIVE),
    ),
    "States.Timeout": Advice(
        meaning="The function or an item of a batch ran out of time. The DAG run may exist.",
        steps=("Check the timeout of the function, or the execution of the item.", _REDRIVE),
    ),
    "States.ExceedToleratedFailureThreshold": Advice(
        meaning="More items of the batch failed than `tolerated_failure_percentage` allows. Its other executions were"
        " stopped. DAG runs that exist continue.",
        steps=(
            "Correct the causes of the failed items.",
            "If no item is invalid, run `mwaa-dags redrive {execution}`. It continues with the items that have not "
            "succeeded.",
            "Otherwise, write the items without a DAG run to a file with `mwaa-dags remaining {execution} > "
            "items.json`, correct them, and start a new batch with `mwaa-dags run --batch items.json`.",
        ),
    ),
    "States.ItemReaderFailed": Advice(
        meaning="The file of the batch does not exist, cannot be read, is not valid JSON, or has two columns with the"
        " same name. Nothing was started.",
        steps=("Correct the file.", _REDRIVE),
    ),
    "States.ResultWriterFailed": Advice(
        meaning="Step Functions could not write the results. Usually nothing was started: Step Functions writes a "
        "test manifest first, and if that fails, the cause says so. Otherwise the batch has ended, its DAG "
        "runs exist, and only the results are missing.",
        steps=("Check the bucket, its policy and its key.", _REDRIVE),
    ),
}
"""Errors of Step Functions and Lambda."""

ABORTED = Advice(
    meaning="Somebody stopped the execution. Its DAG run may exist, and then continues.",
    steps=(_REDRIVE_SAME_RUN,),
)
OTHER = Advice(
    meaning="An error that this project does not know, for example of a preliminary task.",
    steps=("Repair the cause that the message names.", _REDRIVE),
)


def advise(error: str) -> Advice:
    """Return the advice for an error."""
    return FUNCTION_ERRORS.get(error) or SERVICE_ERRORS.get(error) or OTHER


def advise_execution(execution: Execution) -> Advice | None:
    """Return the advice for an execution, or None if there is nothing to do."""
    if execution.status == "ABORTED":
        return ABORTED
    return advise(execution.reason.error) if execution.reason else None


def fill_steps(advice: Advice, execution: Execution) -> list[str]:
    """Return the steps for an execution, without Markdown."""
    values = {
        "dag": execution.dag_id or "DAG",
        "env": execution.env_name or "ENVIRONMENT",
        "execution": short_name(execution.arn),
    }
    page = ("[Roll back](deployment.md#roll-back)", "docs/deployment.md")
    return [step.format(**values).replace(*page).replace("`", "") for step in advice.steps]


def group_key(execution: Execution) -> tuple[str, str]:
    """Return what executions that failed for the same reason have in common: the error, and what it is about."""
    if execution.reason is None:
        return execution.status, ""
    error = execution.reason.error
    match advise(error).about:
        case "dag":
            return error, execution.dag_id or ""
        case "env":
            return error, execution.env_name or ""
    return error, ""
