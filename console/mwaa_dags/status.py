"""The command `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from mwaa_dags.accounts import explain
from mwaa_dags.advice import advise_execution, fill_steps, group_key
from mwaa_dags.airflow_links import find_run_link
from mwaa_dags.arns import short_name
from mwaa_dags.batch_status import show_batch
from mwaa_dags.batches import DagRunState, find_dag_run_state
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import CheckImpossible
from mwaa_dags.executions import Execution, find_failed, find_recent
from mwaa_dags.history import Step, find_next_attempt, find_results, parse_steps, read_events
from mwaa_dags.output import Output, format_duration, format_time
from mwaa_dags.system import CHECK, TRIGGER, Operator
from mwaa_dags.views import TIMES, describe_end, describe_subject, show_result, to_json

_LISTED = 20
_MAX_ERROR = 19


def show_recent(operator: Operator, output: Output) -> None:
    """List the latest executions and batches."""
    executions = find_recent(operator.source, operator.system.arn, _LISTED)
    output.json([to_json(execution) for execution in executions])
    if not executions:
        output.line(f"{operator.system.arn.name} has no executions.")
    output.table(
        [
            (
                short_name(each.arn),
                format_time(each.started),
                _cut(each.reason.error if each.reason else each.status),
                format_duration(each.duration),
                each.run_id if each.dag_id and each.run_id else "-",
                each.dag_id or describe_subject(each),
            )
            for each in executions
        ]
    )


def show_failed(operator: Operator, output: Output, since: datetime) -> None:
    """Group the failed executions by reason."""
    groups: dict[tuple[str, str], list[Execution]] = {}
    for each in find_failed(operator.source, operator.system.arn, since):
        groups.setdefault(group_key(each), []).append(each)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    output.json(
        [
            {
                "error": error,
                "about": about or None,
                "count": len(each),
                "message": each[0].reason.message if each[0].reason else None,
                "executions": [execution.arn for execution in each],
            }
            for (error, about), each in ordered
        ]
    )
    if not groups:
        output.line(
            f"No execution of {operator.system.arn.name} has failed since {since.astimezone():%F %T}."
        )
    for (error, about), members in ordered:
        names = [short_name(execution.arn) for execution in members[:4]]
        more = f" and {len(members) - 4} more" if len(members) > 4 else ""
        output.line(f"{len(members):>4} {TIMES} {error} {about}".rstrip())
        output.wrapped(f"{', '.join(names)}{more}", indent="       ")
        if reason := members[0].reason:
            output.wrapped(reason.message, indent="       ")
    if groups:
        output.line()
        output.line("What to do about an execution: mwaa-dags status EXECUTION")


def show_execution(operator: Operator, output: Output, execution: Execution) -> None:
    """Show an execution or a batch."""
    if operator.system.arn.is_batch(execution.arn):
        show_batch(operator, output, execution)
        return
    steps = parse_steps(read_events(operator.source, execution.arn), execution.input)
    run_state = find_dag_run_state(execution.output, steps)
    has_run = run_state is DagRunState.EXISTS
    link, no_link = _find_link(operator, execution) if has_run else (None, None)
    params = _find_params(operator, execution)
    advice = advise_execution(execution)
    todo = fill_steps(advice, execution) if advice else []
    output.json(
        {
            **to_json(execution),
            "dag_run_exists": None if run_state is DagRunState.IN_DOUBT else has_run,
            "link": link,
            "state": steps[-1].state if steps else None,
            "waiting": describe_waiting(operator, steps) if execution.status == "RUNNING" else None,
            "params": params or None,
            "steps": todo,
        }
    )
    show_result(output, execution)
    if execution.run_id:
        output.line(f"  DAG run  {_describe_run(execution, steps, has_run=has_run)}")
    if link:
        output.line(f"           {link}")
    if steps:
        output.line(f"  in       {_describe_place(execution, steps)}")
    if execution.status == "RUNNING" and (waiting := describe_waiting(operator, steps)):
        output.wrapped(waiting, indent="           ", first="  now      ")
    if execution.stopped:
        output.line(f"  ended    {describe_end(execution)}")
    if params:
        described = ", ".join(f"{name} ({kind})" for name, kind in params.items())
        output.wrapped(described, indent="           ", first="  params   ")
        conf = execution.input.get("mwaa_dag_conf")
        names = ", ".join(conf) if isinstance(conf, dict) else ""
        output.wrapped(names or "empty", indent="           ", first="  conf     ")
    if no_link:
        output.wrapped(f"The link to Airflow is not known: {no_link}.", indent="  ")
    output.steps(todo)


def _find_link(operator: Operator, execution: Execution) -> tuple[str | None, str | None]:
    """Return the page of the DAG run, or why it is not known."""
    if not (execution.env_name and execution.dag_id and execution.run_id):
        return None, None
    names = {"env_name": execution.env_name, "dag_id": execution.dag_id, "run_id": execution.run_id}
    try:
        return find_run_link(Facts(operator), **names), None
    except CheckImpossible as reason:
        return None, str(reason)
    except (BotoCoreError, ClientError) as error:
        return None, explain(error).rstrip(".")


def _find_params(operator: Operator, execution: Execution) -> Mapping[str, str]:
    """Return the params of a DAG that rejected a conf, if the function shows them."""
    rejected = execution.reason is not None and execution.reason.error == "CommandRejected"
    if not (rejected and operator.target and execution.env_name and execution.dag_id):
        return {}
    event = {"mwaa_env_name": execution.env_name, "mwaa_dag_name": execution.dag_id}
    try:
        return Facts(operator).invoke(action="describe_dag", **event).result.get("params") or {}
    except (BotoCoreError, ClientError, CheckImpossible):
        return {}


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_ERROR else f"{text[: _MAX_ERROR - 1]}…"


def _describe_run(execution: Execution, steps: Sequence[Step], *, has_run: bool) -> str:
    if not has_run:
        triggered = any(step.state == TRIGGER and step.attempts for step in steps)
        return f"{execution.run_id}, not known to exist" if triggered else "not requested yet"
    last = list(find_results(steps, CHECK)) or list(find_results(steps, TRIGGER))
    state = execution.output.get("state") or (last[-1].get("state") if last else "")
    if execution.reason and execution.reason.error == "DagRunFailed":
        state = "failed"
    return f"{execution.run_id}, {state}"


def _describe_place(execution: Execution, steps: Sequence[Step]) -> str:
    last = steps[-1]
    polls = sum(step.state == CHECK for step in steps)
    parts = [last.state]
    if last.state == CHECK:
        parts.append(f"poll {polls}")
    elif len(last.attempts) > 1:
        parts.append(f"attempt {len(last.attempts)}")
    if execution.redrive_count:
        parts.append(f"redriven {execution.redrive_count} times")
    return ", ".join(parts)


def describe_waiting(operator: Operator, steps: Sequence[Step]) -> str | None:
    """Return what a running execution is waiting for, if its last attempt failed or it waits for the DAG run."""
    if not steps:
        return None
    last = steps[-1]
    if last.kind == "Wait":
        return "waits for the end of the DAG run"
    if not last.failed or not last.failed.reason:
        return None
    reason = last.failed.reason
    text = f"attempt {len(last.attempts)} failed, {reason.error}: {reason.message}"
    following = find_next_attempt(last, operator.system.states.get(last.state, {}).get("Retry", []))
    if following:
        text += f" Next attempt at {following.time.astimezone():%H:%M:%S}"
        text += " or earlier." if following.has_jitter else "."
    return text
