"""Environments whose plugins and exit hooks print text that looks like Airflow's own output, as recorded."""

from __future__ import annotations

import re

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    CommandRejected,
    DagNotFound,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.transports.cli import CliTransport

from sandbox.mwaa.releases import RELEASES
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, printed, replay
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle
from tests.support.transports.adapter import CONF, RUN, RUN_ID
from tests.support.transports.cli_adapter import CliAdapter

every_version = pytest.mark.parametrize("cli", RELEASES, indirect=True)

EXIT_HOOKS = ["exit hook fails", "exit hook prints a traceback", "exit hook warns"]


def noise(cli: CliAdapter, case: str, dag_id: str = "with_params") -> ScriptedResponse:
    """Return the recorded response, about the run `RUN_ID`."""
    recorded = transcripts.noise(cli.version, case)
    texts = (
        re.sub(r"\bn[1-4]\b", RUN_ID, text).replace("with_params", dag_id)
        for text in (recorded.stdout, recorded.stderr)
    )
    return replay(transcripts.Printed(*texts))


@every_version
@pytest.mark.parametrize(
    "noise_of", [*EXIT_HOOKS, "exit hook prints a list", "logging fails", "thread fails"]
)
def test_a_refused_conf_is_rejected_at_the_first_attempt(
    noise_of: str, cli: CliAdapter, mwaa: FakeMwaa, clock: Clock, handle: Handle
) -> None:
    mwaa.begin(noise(cli, f"unfit conf, {noise_of}"), *cli.absent())
    with pytest.raises(CommandRejected, match=r"refused the command: (ParamValidation|Value)Error"):
        handle(mwaa_dag_name="with_params", run_id=RUN_ID, mwaa_dag_conf={"number": "x"})
    assert clock.pauses == []
    assert cli.airflow_calls(mwaa) == [*cli.trigger, *cli.failed_lookup]


@every_version
@pytest.mark.parametrize(
    ("case", "hint"),
    [
        pytest.param("unfit conf, exit hook fails", "params of the DAG", id="conf"),
        pytest.param("run id refused", "allowed_run_id_pattern", id="run id"),
    ],
)
def test_the_recorded_message_of_each_version_has_its_hint(
    case: str, hint: str, cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    mwaa.begin(noise(cli, case, "demo"), *cli.absent())
    with pytest.raises(CommandRejected, match=hint):
        handle(run_id=RUN_ID, mwaa_dag_conf=CONF)


@every_version
def test_a_list_printed_with_a_refusal_is_checked_by_a_lookup(
    cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    mwaa.begin(noise(cli, "unfit conf, exit hook prints a list", "demo"), *cli.found())
    assert handle(run_id=RUN_ID, mwaa_dag_conf=CONF)["created"] is False
    assert cli.airflow_calls(mwaa) == [*cli.trigger, *cli.lookup]


@every_version
@pytest.mark.parametrize("case", ["unknown", "listrunsunk"])
def test_a_list_printed_with_an_unknown_dag_is_checked_by_a_lookup(
    case: str, cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    created = transcripts.created(cli.version, RUN_ID)
    unknown = transcripts.about(transcripts.command(cli.version, case), "demo", RUN_ID)
    mwaa.begin(replay(transcripts.Printed(created.stdout, unknown.stderr)), *cli.found())
    assert handle(run_id=RUN_ID, mwaa_dag_conf=CONF)["created"] is False


@every_version
def test_a_created_run_needs_no_lookup(cli: CliAdapter, mwaa: FakeMwaa, handle: Handle) -> None:
    mwaa.begin(noise(cli, "created"))
    assert handle(run_id=RUN_ID, mwaa_dag_conf=CONF)["created"] is True
    assert cli.airflow_calls(mwaa) == cli.trigger


@every_version
def test_an_existing_run_is_looked_up(cli: CliAdapter, mwaa: FakeMwaa, handle: Handle) -> None:
    mwaa.begin(noise(cli, "duplicate"), *cli.found())
    assert handle(run_id=RUN_ID, mwaa_dag_conf=CONF)["created"] is False


@every_version
@pytest.mark.parametrize("noise_of", EXIT_HOOKS)
def test_an_unknown_dag_is_final(
    noise_of: str, cli: CliAdapter, mwaa: FakeMwaa, clock: Clock, handle: Handle
) -> None:
    before = cli.absent()[:1] if cli.dated else []
    mwaa.begin(*before, noise(cli, f"unknown dag, {noise_of}"))
    with pytest.raises(DagNotFound, match="does not know DAG nosuch"):
        handle(action="status", mwaa_dag_name="nosuch", dag_run_id=RUN_ID)
    assert clock.pauses == []


@every_version
def test_a_contradicted_state_is_no_response(
    cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    """Otherwise a waiting execution would succeed while its run is queued."""
    before = cli.found()[:1] if cli.dated else []
    mwaa.begin(*[*before, noise(cli, "state")] * 4)
    with pytest.raises(MwaaUnavailable, match="contradicts itself"):
        handle(action="status", dag_run_id=RUN_ID)


COMMAND = 'Traceback (most recent call last):\n  File "/bin/airflow", line 8, in <module>\n'


@pytest.mark.parametrize(
    ("stderr", "error"),
    [
        pytest.param(
            f"{COMMAND}sqlalchemy.exc.OperationalError: x\n", MwaaUnavailable, id="traceback"
        ),
        pytest.param("DAG: demo does not exist in 'dag' table\n", DagNotFound, id="unknown DAG"),
        pytest.param(f"{COMMAND}ValueError: x\n", MwaaUnavailable, id="refusal"),
    ],
)
def test_a_state_printed_with_a_failure_is_ignored(
    stderr: str, error: type[TriggerError], cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    before = cli.found()[:1] if cli.dated else []
    times = 4 if error.transient else 1
    mwaa.begin(*[*before, printed("success\n", stderr)] * times)
    with pytest.raises(error):
        handle(action="status", dag_run_id=RUN_ID)


def test_rows_printed_with_a_failure_are_ignored(
    cli: CliAdapter, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    rows = '[{"dag_id": "demo", "task_id": "x", "state": "failed"}]\n'
    mwaa.begin(printed(rows, f"{COMMAND}sqlalchemy.exc.OperationalError: x\n"))
    with pytest.raises(OutcomeUnknown):
        transport.failed_tasks(RUN, deadline)


def test_a_traceback_that_an_exit_hook_prints_hides_no_state(
    cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    hook = transcripts.noise(cli.version, "unknown dag, exit hook prints a traceback").stderr
    hook = hook[hook.index("Traceback") :]
    before = cli.found()[:1] if cli.dated else []
    mwaa.begin(*before, printed("queued\n", hook))
    assert handle(action="status", dag_run_id=RUN_ID)["state"] == "queued"


@pytest.mark.parametrize("cli", ["3.2.1", "3.3.1"], indirect=True)
def test_a_dag_that_allows_no_manual_runs_has_its_hint(
    cli: CliAdapter, mwaa: FakeMwaa, handle: Handle
) -> None:
    mwaa.begin(noise(cli, "manual runs not allowed"), *cli.absent())
    with pytest.raises(CommandRejected, match="Add manual to allowed_run_types of the DAG"):
        handle(mwaa_dag_name="scheduled_only", run_id=RUN_ID)
