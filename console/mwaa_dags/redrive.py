"""The command `redrive`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from mwaa_dags.accounts import error_code, explain
from mwaa_dags.advice import Redrive, advise_execution
from mwaa_dags.arns import short_name
from mwaa_dags.executions import Execution
from mwaa_dags.output import Output
from mwaa_dags.system import Operator

PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
"""The field that the batch state machine adds to the input of an item's execution."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An execution, and why a redrive is refused, if it is."""

    execution: Execution
    refusal: str | None


def plan(executions: Sequence[Execution], *, force: bool, with_items: bool) -> list[Plan]:
    """Return what a redrive of these executions would do.

    Parameters
    ----------
    force
        Redrive also what would only fail again.
    with_items
        Redrive also executions of a batch's items, which a redrive of the batch replaces.
    """
    return [
        Plan(execution=each, refusal=_find_refusal(each, force=force, with_items=with_items))
        for each in executions
    ]


def show_plan(output: Output, plans: Sequence[Plan]) -> None:
    """Print what would happen."""
    output.table(
        [
            (
                short_name(each.execution.arn),
                each.execution.dag_id or "batch",
                each.execution.reason.error if each.execution.reason else each.execution.status,
                each.refusal or "redrive",
            )
            for each in plans
        ]
    )


def redrive(operator: Operator, output: Output, plans: Sequence[Plan]) -> bool:
    """Redrive, and return whether Step Functions accepted all redrives."""
    results: list[dict[str, str | None]] = []
    for each in plans:
        problem = each.refusal
        if problem is None:
            try:
                operator.source.states.redrive_execution(executionArn=each.execution.arn)
            except ClientError as error:
                accepted = error_code(error) != "ExecutionNotRedrivable"
                problem = (
                    explain(error) if accepted else "Step Functions cannot redrive it any more"
                )
                output.line(f"{short_name(each.execution.arn)}: {problem}")
        results.append({"execution": each.execution.arn, "refused": problem})
    started = sum(each["refused"] is None for each in results)
    output.line(f"{started} of {len(results)} executions were redriven.")
    output.json(results)
    return started == len(results)


def _find_refusal(execution: Execution, *, force: bool, with_items: bool) -> str | None:
    if not execution.redrivable:
        return f"{execution.status.lower()}, cannot be redriven"
    if PARENT in execution.input and not with_items:
        return "an item: redrive its batch, or name the item if the batch succeeded"
    advice = advise_execution(execution)
    if advice and advice.redrive is Redrive.FAILS_AGAIN and not force:
        return "would fail again: start a new one"
    return None
