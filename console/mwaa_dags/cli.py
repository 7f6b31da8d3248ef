"""The command line `mwaa-dags`."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from mwaa_dags.accounts import explain, open_account
from mwaa_dags.arns import short_name
from mwaa_dags.doctor.command import examine
from mwaa_dags.errors import ConsoleError
from mwaa_dags.executions import find_execution, find_failed
from mwaa_dags.follow import follow as follow_execution
from mwaa_dags.follow import start
from mwaa_dags.output import Output
from mwaa_dags.redrive import plan, show_plan
from mwaa_dags.redrive import redrive as redrive_all
from mwaa_dags.remaining import find_remaining, print_remaining
from mwaa_dags.requests import create_event, read_batch_input, summarize
from mwaa_dags.status import show_execution, show_failed, show_recent
from mwaa_dags.system import Operator, find_system
from mwaa_dags.timeline import check_file, draw
from mwaa_dags.workspace import find_state_machine

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StateMachine = Annotated[
    str | None,
    typer.Option(
        envvar="MWAA_DAGS_STATE_MACHINE",
        help="ARN of the state machine. Defaults to the output of the Terraform workspace in this directory.",
    ),
]
SourceProfile = Annotated[
    str | None,
    typer.Option(
        envvar="MWAA_DAGS_SOURCE_PROFILE", help="AWS profile of the account of the state machine."
    ),
]
TargetProfile = Annotated[
    str | None,
    typer.Option(envvar="MWAA_DAGS_TARGET_PROFILE", help="AWS profile of the account of MWAA."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Since = Annotated[str, typer.Option(help="How far back to look, such as 30m, 24h or 7d.")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. An error that the user can solve is one sentence."""
    try:
        app(arguments, prog_name="mwaa-dags")
    except ConsoleError as error:
        problem = str(error)
    except (BotoCoreError, ClientError) as error:
        problem = explain(error)
    except Exception as error:  # noqa: BLE001 (its text may contain a value of a conf)
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}"
        problem = f"This is a bug ({type(error).__name__} in {place}): report it."
    else:
        return
    sys.stderr.write(f"mwaa-dags: {problem}\n")
    sys.exit(1)


@app.command()
def status(
    execution: Annotated[
        str | None,
        typer.Argument(help="Name, the beginning of a name, or ARN. Defaults to the latest."),
    ] = None,
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="Group the failed executions by reason.")
    ] = False,
    since: Since = "24h",
    follow: Annotated[bool, typer.Option("--follow", help="Follow it until it ends.")] = False,
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened, and what to do."""
    start = _parse_since(since)
    operator = _operator(state_machine, source_profile, target_profile)
    output = Output(as_json=as_json)
    if execution:
        found = find_execution(operator.source, operator.system, execution)
        if follow:
            raise typer.Exit(follow_execution(operator, output, found.arn))
        show_execution(operator, output, found)
    elif failed:
        show_failed(operator, output, start)
    else:
        show_recent(operator, output)


@app.command()
def doctor(
    *,
    env: Annotated[str | None, typer.Option(help="MWAA environment. Defaults to all.")] = None,
    dag: Annotated[str | None, typer.Option(help="DAG id.")] = None,
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
    as_json: AsJson = False,
) -> None:
    """Check everything that a request needs. It changes nothing."""
    operator = _operator(state_machine, source_profile, target_profile)
    if not examine(operator, Output(as_json=as_json), env=env, dag=dag):
        raise typer.Exit(1)


@app.command()
def run(
    dag: Annotated[str | None, typer.Argument(help="DAG id.")] = None,
    *,
    env: Annotated[str | None, typer.Option(help="MWAA environment.")] = None,
    conf: Annotated[
        str | None,
        typer.Option(help="Conf of the DAG run: JSON, @FILE, or - for the standard input."),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help="A .json or .csv file with the items of a batch, or -.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the execution. Attaches to a running one with the same input."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Follow it until it ends.")] = False,
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
    as_json: AsJson = False,
) -> None:
    """Start an execution, or a batch.

    Exit codes: 0 if it succeeded or was started, 1 if it failed, 2 if it was stopped, if it is still
    running, or if a call of AWS failed while the command followed it.
    """
    arn = find_state_machine(state_machine)
    if batch is not None:
        if dag or env or conf:
            raise ConsoleError("--batch names all DAGs: omit DAG, --env and --conf.")
        event = read_batch_input(arn, batch)
    elif dag and env:
        event = create_event(arn, dag=dag, env=env, conf=conf)
    else:
        raise ConsoleError("A run needs a DAG and --env, or --batch.")
    operator = _operator(arn.text, source_profile, target_profile)
    output = Output(as_json=as_json)
    execution = start(operator, event, name=name, batch=batch is not None)
    short = short_name(execution)
    output.line(f"{short}    started {summarize(event)}")
    output.line(f"{'':<{len(short)}}    follow with: mwaa-dags status --follow {short}")
    if follow:
        raise typer.Exit(follow_execution(operator, output, execution))
    output.json({"execution": execution})


@app.command()
def redrive(
    executions: Annotated[
        list[str] | None, typer.Argument(help="Names, beginnings of names, or ARNs.")
    ] = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="All failed executions.")] = False,
    since: Since = "24h",
    error: Annotated[str | None, typer.Option(help="Only executions with this error.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also redrive executions whose input is wrong.")
    ] = False,
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
    as_json: AsJson = False,
) -> None:
    """Redrive executions after their cause is repaired. No redrive creates a second DAG run."""
    start_time = _parse_since(since)
    if bool(executions) == failed:
        raise ConsoleError("A redrive needs names of executions, or --failed.")
    operator = _operator(state_machine, source_profile, target_profile)
    output = Output(as_json=as_json)
    if executions:
        found = [find_execution(operator.source, operator.system, each) for each in executions]
    else:
        found = find_failed(operator.source, operator.system.arn, start_time)
    chosen = [each for each in found if not error or (each.reason and each.reason.error == error)]
    plans = plan(chosen, force=force, with_items=bool(executions))
    show_plan(output, plans)
    count = sum(each.refusal is None for each in plans)
    if failed and not yes:
        if not output.is_interactive:
            output.line(f"Nothing was redriven. To redrive {count} executions, add --yes.")
            output.json(
                [{"execution": each.execution.arn, "refused": each.refusal} for each in plans]
            )
            return
        if count:
            typer.confirm(f"Redrive {count} executions?", abort=True)
    if failed:
        plans = [each for each in plans if each.refusal is None]
    if not redrive_all(operator, output, plans):
        raise typer.Exit(1)


@app.command()
def remaining(
    execution: Annotated[str, typer.Argument(help="A batch: its name or ARN.")],
    *,
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
) -> None:
    """Print the items of a batch that have no DAG run, as JSON for `run --batch`."""
    operator = _operator(state_machine, source_profile, target_profile)
    batch = find_execution(operator.source, operator.system, execution)
    if not operator.system.arn.is_batch(batch.arn):
        raise ConsoleError(f"{execution} is not a batch: see `mwaa-dags status {execution}`.")
    print_remaining(batch, find_remaining(operator.source, batch))


@app.command()
def timeline(
    execution: Annotated[str, typer.Argument(help="Name, the beginning of a name, or ARN.")],
    *,
    file: Annotated[Path, typer.Option("-o", "--output", help="The .svg file to write.")],
    state_machine: StateMachine = None,
    source_profile: SourceProfile = None,
    target_profile: TargetProfile = None,
    as_json: AsJson = False,
) -> None:
    """Draw an execution or a batch."""
    check_file(file)
    operator = _operator(state_machine, source_profile, target_profile)
    output = Output(as_json=as_json)
    found = find_execution(operator.source, operator.system, execution)
    bars = draw(operator, output, found, file)
    output.line(f"{file} has {bars} bars.")
    output.json({"file": str(file), "bars": bars})


def _operator(
    state_machine: str | None, source_profile: str | None, target_profile: str | None
) -> Operator:
    arn = find_state_machine(state_machine)
    source = open_account("source", source_profile, region=arn.region)
    system = find_system(source, arn)
    if target_profile:
        return Operator(source, open_account("target", target_profile, region=arn.region), system)
    # Both sides can be in one account.
    same = system.target_account == arn.account
    return Operator(source, source if same else None, system)


def _parse_since(text: str) -> datetime:
    match = re.fullmatch(r"(\d+)([mhd])", text)
    if not match:
        raise ConsoleError(f"--since must be a time such as 30m, 24h or 7d, not {text}.")
    unit = {"m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return datetime.now(UTC) - timedelta(**{unit: int(match[1])})
