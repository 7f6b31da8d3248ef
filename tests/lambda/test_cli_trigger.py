"""What is the command line's own in a trigger: tokens, confs that are not shown, old and huge environments."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mwaa_dags_trigger import cli as cli_module
from mwaa_dags_trigger.errors import CommandRejected, OutcomeUnknown

from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.adapter import CONF, RUN_ID
from tests.support.cli_adapter import CliAdapter
from tests.support.clock import Clock
from tests.support.handler import Handle
from tests.support.mwaa import FakeMwaa
from tests.support.steps import command, printed, said
from tests.support.unasked import UnaskedAirflow

LOST = command(Response(504))

Trigger = Callable[[], dict[str, object]]


@pytest.fixture
def trigger(handle: Handle) -> Trigger:
    return lambda: handle(mwaa_dag_conf=CONF, run_id=RUN_ID)


@pytest.fixture(params=CliAdapter.versions)
def cli(request: pytest.FixtureRequest, airflow: UnaskedAirflow) -> CliAdapter:
    airflow.version = request.param
    return CliAdapter(airflow.version)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_refused_after_the_run_was_made_is_no_second_run(
    status: int, cli: CliAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(command(Response(status)), *cli.taken(), *cli.found())
    assert trigger()["created"] is False


@pytest.mark.parametrize("case", ["badjson", "nonobj"])
def test_a_command_that_airflow_refuses_is_rejected_with_its_words(
    case: str, cli: CliAdapter, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    mwaa.begin(said(transcripts.command(cli.version, case)), *cli.absent())
    with pytest.raises(CommandRejected, match=r"refused the command: .*Error: "):
        trigger()
    assert clock.pauses == []


def test_a_conf_that_cannot_be_read_leaves_it_unknown(mwaa: FakeMwaa, trigger: Trigger) -> None:
    listed = said(transcripts.listed("3.3.1", RUN_ID))
    mwaa.begin(LOST, *[listed, printed("None\n")] * 3)
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert [words[1] for words in mwaa.words] == ["trigger", *["list-runs", "state"] * 3]


def test_the_same_second_collision_of_old_airflow_is_overcome(
    airflow: UnaskedAirflow, mwaa: FakeMwaa, clock: Clock, trigger: Trigger
) -> None:
    """Airflow 2.5 has no `--no-replace-microseconds`: another run of this second is in the way."""
    airflow.version = "2.5.1"
    like = CliAdapter("2.11.2")
    created = "Created <DagRun demo @ 2023-01-01 00:00:00+00:00: r1, state:queued, x: y>\n"
    mwaa.begin(*like.taken(), *like.absent(), printed(created))
    result = trigger()
    assert (result["created"], result["airflow_version"]) == (True, "2.5.1")
    assert clock.pauses[0] >= 1


def test_a_dag_with_ten_thousand_runs_is_looked_through(
    cli: CliAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    rows = [f'{{"dag_id": "demo", "run_id": "r{n}", "state": "success"}}' for n in range(10_000)]
    mwaa.begin(LOST, printed(f"[{', '.join(rows)}]\n"), *cli.found()[1:])
    assert trigger()["state"] == "success"


def test_a_list_of_runs_over_the_limit_says_the_limit(
    cli: CliAdapter, mwaa: FakeMwaa, trigger: Trigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    mwaa.begin(LOST, *[printed("x" * 100_000)] * 3)
    with pytest.raises(OutcomeUnknown, match="over 100000 bytes, which is the limit"):
        trigger()
