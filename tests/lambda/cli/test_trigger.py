"""What only the CLI transport does: tokens, hidden messages, lookups on old and huge environments."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import CommandRejected, OutcomeUnknown
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports import cli_endpoint as endpoint_module
from mwaa_dags_trigger.transports.base import DagRun
from mwaa_dags_trigger.transports.cli import CliTransport

from sandbox.mwaa.http import Response
from sandbox.mwaa.releases import RELEASES
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, command, printed, replay
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle, Trigger
from tests.support.transports.adapter import CONF, RUN_ID
from tests.support.transports.cli_adapter import CliAdapter
from tests.support.unreachable_airflow import UnreachableAirflow

LOST = command(Response(504))

every_version = pytest.mark.parametrize("cli", RELEASES, indirect=True)


@pytest.fixture
def trigger(handle: Handle) -> Trigger:
    return lambda: handle(mwaa_dag_conf=CONF, run_id=RUN_ID)


def taken(cli: CliAdapter) -> ScriptedResponse:
    return cli.already_exists["already exists"](cli.version)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_refused_after_the_run_was_created_causes_no_second_run(
    status: int, cli: CliAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(command(Response(status)), taken(cli), *cli.found())
    assert trigger()["created"] is False


@every_version
@pytest.mark.parametrize("case", ["badjson", "nonobj"])
def test_a_refused_command_is_rejected_with_the_name_of_airflows_error(
    case: str, cli: CliAdapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(replay(transcripts.command(cli.version, case)), *cli.absent())
    with pytest.raises(CommandRejected, match=r"refused the command: \w+Error\. "):
        trigger()
    assert clock.pauses == []


def test_a_collision_in_the_same_second_is_retried(
    airflow: UnreachableAirflow, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    """Airflow 2.5 has no `--no-replace-microseconds`: another run of this second is in the way."""
    airflow.version = "2.5.1"
    like = CliAdapter("2.11.2")
    about = f"demo @ 2023-01-01 00:00:00+00:00: {RUN_ID}"
    created = f"Created <DagRun {about}, state:queued, x: y>\n"
    mwaa.begin(taken(like), *like.absent(), printed(created))
    result = trigger()
    assert (result["created"], result["airflow_version"]) == (True, "2.5.1")
    assert clock.pauses[0] >= 1


# Looking for the run ------------------------------------------------------------------------------


def find(transport: CliTransport, deadline: Deadline, run_id: str = RUN_ID) -> DagRun | None:
    asked = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id=run_id)
    return transport.find(asked, deadline)


def test_a_run_that_has_ended_has_the_dates_of_its_tasks(
    cli: CliAdapter, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    mwaa.begin(
        *cli.run_in_state("success", "2026-01-01T10:00:00+00:00", "2026-01-01T10:00:10+00:00")
    )
    run = find(transport, deadline)
    assert run
    assert (run.state, run.start_date) == ("success", "2026-01-01T10:00:00+00:00")
    assert run.end_date == "2026-01-01T10:00:10+00:00"


@pytest.mark.parametrize("run_id", ["2026-01-01", "x1", "today", "12:00"])
def test_an_id_that_may_be_a_date_is_looked_up_in_the_list_of_runs(
    run_id: str, cli: CliAdapter, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    """`dags state` would show the run of that date."""
    state = replay(transcripts.command(cli.version, "state" if cli.dated else "staterun"))
    mwaa.begin(replay(transcripts.listed(cli.version, run_id)), state)
    run = find(transport, deadline, run_id)
    assert run and run.conf == CONF
    listed, shown = mwaa.command_words
    assert listed[:2] == ["dags", "list-runs"]
    assert shown[:3] == ["dags", "state", "demo"]
    assert shown[3].startswith("2026-") if cli.dated else shown[3] == run_id


@every_version
def test_an_id_that_may_be_a_date_and_is_not_in_the_list_is_not_found(
    cli: CliAdapter, mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline
) -> None:
    mwaa.begin(replay(transcripts.command(cli.version, "listruns")))
    assert find(transport, deadline, "2026-01-01") is None


def test_a_run_without_tasks_is_found_on_airflow_2(
    mwaa: FakeMwaa, airflow: UnreachableAirflow, transport: CliTransport, deadline: Deadline
) -> None:
    airflow.version = "2.11.2"
    cases = ["tasksnone", "listruns", "state"]
    none, listed, state = (replay(transcripts.command("2.11.2", case)) for case in cases)
    mwaa.begin(none, listed, state)
    assert find(transport, deadline, "sfn__x1") is None
    mwaa.begin(none, replay(transcripts.listed("2.11.2", "sfn__x1")), state)
    run = find(transport, deadline, "sfn__x1")
    assert run and (run.state, run.conf) == ("queued", CONF)


def test_an_unreadable_state_leaves_the_outcome_unknown(mwaa: FakeMwaa, trigger: Trigger) -> None:
    mwaa.begin(*[LOST] * 4, printed("what?\n"))
    with pytest.raises(OutcomeUnknown, match="does not show the run of DAG"):
        trigger()


def test_a_list_of_runs_over_the_limit_names_the_limit(
    mwaa: FakeMwaa, transport: CliTransport, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint_module, "MAX_RESPONSE_BYTES", 100_000)
    mwaa.begin(printed("x" * 100_000))
    with pytest.raises(OutcomeUnknown, match="exceeds the limit of 100000 bytes"):
        find(transport, deadline, "x1")
