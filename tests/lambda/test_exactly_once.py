"""One request makes one DAG run, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from mwaa_dags_trigger import cli as cli_module
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    OutcomeUnknown,
    RunIdConflict,
    TriggerError,
)
from mwaa_dags_trigger.trigger import same_conf

VERSIONS = ["2.11.0", "3.0.6", "3.3.2"]
CONF = {"k": "v"}  # that of the transcripts
TRACEBACK = "Traceback (most recent call last):\n  File x\n"


class Airflow:
    """What one Airflow version answers to the commands of a trigger of `r1`."""

    def __init__(self, version: str, cli: Any, transcripts: Any) -> None:
        self.major = int(version[0])
        self._version, self._cli, self._transcripts = version, cli, transcripts

    def says(self, case: str) -> Any:
        found = self._transcripts(self._version, case)
        return self._cli.says(found["stdout"], found["stderr"])

    @property
    def created(self) -> Any:
        return self._cli.says(*self._transcripts.created(self._version, "r1"))

    @property
    def absent(self) -> list[Any]:
        return [self.says("listruns")]

    @property
    def present(self) -> list[Any]:
        listed = self._cli.says(*self._transcripts.listed(self._version, "r1"))
        return [listed] if self.major == 2 else [listed, self.says("staterun")]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def airflow(version: str, cli: Any, api: Any, transcripts: Any) -> Airflow:
    api.environments["etl"]["AirflowVersion"] = version
    return Airflow(version, cli, transcripts)


@pytest.fixture
def trigger(handle: Callable[..., dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    return lambda: handle(mwaa_dag_conf=CONF, run_id="r1")


def raised(stderr_line: str) -> Callable[[Any, Airflow], Any]:
    return lambda cli, _: cli.says("", f"{TRACEBACK}{stderr_line}\n")


DOUBTS: dict[str, Callable[[Any, Airflow], Any]] = {
    "reset": lambda cli, _: cli.reset,
    "cut short": lambda cli, _: cli.truncated,
    "500": lambda cli, _: cli.raw(500, b""),
    "502": lambda cli, _: cli.raw(502, b"<html>"),
    "504": lambda cli, _: cli.raw(504, b"<html>"),
    "HTML": lambda cli, _: cli.raw(200, b"<html>"),
    "wrong base64": lambda cli, _: cli.raw(200, b'{"stdout": "%", "stderr": "%"}'),
    "empty stdout": lambda cli, _: cli.says(""),
    "a table": lambda _, airflow: airflow.says("help"),
    "already exists": lambda _, airflow: airflow.says("duplicate"),
    "MultipleResultsFound": raised("sqlalchemy.exc.MultipleResultsFound: Multiple rows"),
    "IntegrityError": raised("sqlalchemy.exc.IntegrityError: UNIQUE constraint failed"),
}
BUSY: dict[str, Callable[[Any, Airflow], Any]] = {
    "429": lambda cli, _: cli.raw(429, b""),
    "503": lambda cli, _: cli.raw(503, b"busy"),
}


def verbs(cli: Any) -> list[str]:
    return [words[1] for words in cli.commands]


def test_a_trigger_that_goes_well_is_one_command(
    cli: Any, airflow: Airflow, version: str, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.append(airflow.created)
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "r1",
        "state": "queued",
        "created": True,
        "airflow_version": version,
        "transport": "cli",
    }
    assert verbs(cli) == ["trigger"]


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_after_a_doubt_a_run_that_is_there_is_a_success(
    doubt: str, cli: Any, airflow: Airflow, version: str, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([{**DOUBTS, **BUSY}[doubt](cli, airflow), *airflow.present])
    assert trigger() == {
        "mwaa_env_name": "etl",
        "mwaa_dag_name": "demo",
        "dag_run_id": "r1",
        "state": "queued",
        "created": False,
        "airflow_version": version,
        "transport": "cli",
        "conf_compared": airflow.major >= 3,
    }
    assert verbs(cli)[:2] == ["trigger", "list-runs"]


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_after_a_doubt_a_run_that_is_not_there_is_asked_for_again(
    doubt: str,
    cli: Any,
    airflow: Airflow,
    time: Any,
    trigger: Callable[[], dict[str, Any]],
) -> None:
    step = {**DOUBTS, **BUSY}[doubt](cli, airflow)
    cli.script.extend([step, *airflow.absent, airflow.created])
    assert trigger()["created"] is True
    assert verbs(cli) == ["trigger", "list-runs", "trigger"]
    first, _, second = cli.posts
    assert first["body"] == second["body"]  # the same run id, which Airflow takes once
    assert 1 <= time.pauses[0] <= 2


def test_a_run_that_appears_late_is_found_by_the_next_try(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    late = [cli.raw(504, b""), *airflow.absent, airflow.says("duplicate"), *airflow.present]
    cli.script.extend(late)
    assert trigger()["created"] is False


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_doubt_that_stays_is_outcome_unknown(
    doubt: str, cli: Any, airflow: Airflow, time: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(4):
        cli.script.extend([DOUBTS[doubt](cli, airflow), *airflow.absent])
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert verbs(cli) == ["trigger", "list-runs"] * 4
    assert [int(pause) for pause in time.pauses] == pytest.approx([1, 2.5, 5.5], abs=1.6)


@pytest.mark.parametrize("busy", BUSY)
def test_a_web_server_that_stays_busy_is_unavailable(
    busy: str, cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(4):
        cli.script.extend([BUSY[busy](cli, airflow), *airflow.absent])
    with pytest.raises(MwaaUnavailable, match="busy"):
        trigger()


@pytest.mark.parametrize("doubt", {**DOUBTS, **BUSY})
def test_a_doubt_without_a_look_is_outcome_unknown(
    doubt: str, cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    step = {**DOUBTS, **BUSY}[doubt](cli, airflow)
    cli.script.extend([step, *[cli.raw(503, b"")] * 3])
    with pytest.raises(OutcomeUnknown, match="retry with the same run id is safe"):
        trigger()
    assert verbs(cli) == ["trigger"] + ["list-runs"] * 3


def test_a_look_that_fails_is_made_again(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(504, b""), cli.reset, *airflow.present])
    assert trigger()["created"] is False


def test_a_look_that_is_not_allowed_leaves_it_unknown(
    cli: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def lost(handler: Any) -> None:
        api.fail("GetEnvironment", 403, "AccessDeniedException")
        cli.raw(504, b"")(handler)

    cli.script.append(lost)
    with pytest.raises(OutcomeUnknown, match="airflow:GetEnvironment"):
        trigger()


def test_an_update_that_cuts_a_command_off_is_named(
    cli: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def lost(handler: Any) -> None:
        api.environments["etl"]["Status"] = "UPDATING"
        cli.raw(502, b"")(handler)

    cli.script.append(lost)
    with pytest.raises(OutcomeUnknown, match="status is UPDATING"):
        trigger()


def test_a_dag_that_the_look_does_not_know_has_no_run(
    cli: Any, transcripts: Any, api: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    case = transcripts("3.0.6", "listrunsunk")
    cli.script.extend([cli.raw(504, b""), cli.says(case["stdout"], case["stderr"])])
    with pytest.raises(DagNotFound):
        trigger()


def test_once_in_doubt_a_refusal_does_not_hide_it(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(504, b""), *airflow.absent, *[cli.raw(403, b"")] * 6])
    with pytest.raises(OutcomeUnknown, match=r"HTTP 504.* The last try: .* refused a fresh"):
        trigger()


def test_once_in_doubt_a_busy_server_does_not_hide_it(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(504, b""), *airflow.absent])
    cli.script.extend([cli.raw(503, b""), *airflow.absent] * 3)
    with pytest.raises(OutcomeUnknown, match=r"HTTP 504.* The last try: .* busy"):
        trigger()


def test_once_in_doubt_a_missing_token_does_not_hide_it(
    cli: Any, api: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def absent(handler: Any) -> None:
        airflow.absent[0](handler)
        time.now += 46  # the token's life
        for _ in range(3):
            api.fail("CreateCliToken", 429, "ThrottlingException")

    cli.script.extend([cli.raw(504, b""), absent])
    with pytest.raises(OutcomeUnknown, match=r"HTTP 504.* The last try: CreateCliToken"):
        trigger()


def test_in_a_retry_a_refusal_does_not_hide_what_a_try_before_may_have_made(
    cli: Any, airflow: Airflow, handle: Callable[..., dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(403, b"")] * 2)
    with pytest.raises(OutcomeUnknown, match=r"An earlier try .* refused a fresh CLI token"):
        handle(run_id="r1", retry_count=1)


def test_in_a_retry_an_unknown_dag_is_still_unknown(
    cli: Any, airflow: Airflow, handle: Callable[..., dict[str, Any]]
) -> None:
    cli.script.append(airflow.says("unknown"))
    with pytest.raises(DagNotFound):
        handle(run_id="r1", retry_count=1)


# Time -------------------------------------------------------------------------------------------


def test_no_other_try_begins_without_time_for_it_and_a_look(
    cli: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def late(handler: Any) -> None:
        time.end = 45.5
        airflow.absent[0](handler)

    cli.script.extend([cli.raw(504, b""), late])
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert time.pauses == []


def test_no_other_look_begins_without_time_for_it(
    cli: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    def late(handler: Any) -> None:
        time.end = 15.5
        cli.raw(504, b"")(handler)

    cli.script.extend([cli.raw(504, b""), late])
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert time.pauses == []


# Nothing sent -----------------------------------------------------------------------------------


def test_a_throttled_token_is_asked_for_again(
    cli: Any, api: Any, time: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(2):
        api.fail("CreateCliToken", 429, "ThrottlingException")
    cli.script.append(airflow.created)
    assert trigger()["created"] is True
    assert verbs(cli) == ["trigger"]  # no doubt, so no look
    assert 1 <= time.pauses[0] <= 2 <= time.pauses[1] <= 4


def test_a_token_that_stays_throttled_is_unavailable(
    cli: Any, api: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    for _ in range(4):
        api.fail("CreateCliToken", 429, "ThrottlingException")
    with pytest.raises(MwaaUnavailable, match=r"ThrottlingException.* started nothing"):
        trigger()
    assert cli.posts == []


def test_an_environment_that_is_not_ready_is_left_to_the_state_machine(
    cli: Any, api: Any, time: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    api.environments["etl"]["Status"] = "UPDATING"
    with pytest.raises(EnvironmentNotReady):
        trigger()
    assert time.pauses == []
    assert api.calls == ["GetEnvironment"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_refused_after_the_run_was_made_is_no_second_run(
    status: int, cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(status, b""), airflow.says("duplicate"), *airflow.present])
    assert trigger()["created"] is False


def test_a_token_that_is_refused_twice_ends_it(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([cli.raw(403, b"")] * 2)
    with pytest.raises(AccessDenied):
        trigger()


# Refusals of Airflow ----------------------------------------------------------------------------


def test_an_unknown_dag_is_not_looked_for(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.append(airflow.says("unknown"))
    with pytest.raises(DagNotFound) as caught:
        trigger()
    assert "MWAA environment etl does not know DAG demo" in str(caught.value)
    assert "a new DAG file takes a moment to be parsed" in str(caught.value)
    assert verbs(cli) == ["trigger"]


@pytest.mark.parametrize("case", ["badjson", "nonobj"])
def test_a_command_that_airflow_refuses_is_rejected_with_its_words(
    case: str, cli: Any, airflow: Airflow, time: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([airflow.says(case), *airflow.absent])
    with pytest.raises(CommandRejected, match=r"refused the command: .*Error: "):
        trigger()
    assert time.pauses == []


def test_a_run_that_is_there_counts_more_than_an_error(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    cli.script.extend([airflow.says("badjson"), *airflow.present])
    assert trigger()["created"] is False


# Another conf -----------------------------------------------------------------------------------


def test_a_run_with_another_conf_is_a_conflict_where_the_conf_can_be_read(
    cli: Any, airflow: Airflow, handle: Callable[..., dict[str, Any]]
) -> None:
    cli.script.extend([airflow.says("duplicate"), *airflow.present])
    if airflow.major == 2:
        result = handle(run_id="r1", mwaa_dag_conf={"k": "other"})
        assert (result["created"], result["conf_compared"]) == (False, False)
    else:
        with pytest.raises(RunIdConflict, match="Nothing was made"):
            handle(run_id="r1", mwaa_dag_conf={"k": "other"})


def test_a_conf_that_cannot_be_read_leaves_it_unknown(
    cli: Any, transcripts: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    listed = cli.says(*transcripts.listed("3.3.2", "r1"))
    cli.script.extend([cli.raw(504, b""), *[listed, cli.says("None\n")] * 3])
    with pytest.raises(OutcomeUnknown):
        trigger()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="order of keys"),
        pytest.param({"a": 1}, {"a": 1.0}, True, id="1 and 1.0"),
        pytest.param({"a": 1e22}, {"a": 10**22}, True, id="exponent"),
        pytest.param({"a": 1}, {"a": True}, False, id="1 and true"),
        pytest.param({"a": 0}, {"a": None}, False, id="0 and null"),
        pytest.param({"a": 1}, {"a": "1"}, False, id="1 and '1'"),
        pytest.param({"a": [1, 2]}, {"a": [2, 1]}, False, id="order of items"),
        pytest.param({}, {"a": None}, False, id="absent and null"),
        pytest.param({"a": 0.1}, {"a": 0.10000000000000001}, True, id="same float"),
    ],
)
def test_confs_are_compared_as_json(one: Any, other: Any, same: bool) -> None:
    assert same_conf(one, other) is same


# Older and huge environments --------------------------------------------------------------------


def test_the_same_second_collision_of_old_airflow_is_overcome(
    cli: Any, api: Any, time: Any, transcripts: Any, trigger: Callable[[], dict[str, Any]]
) -> None:
    """Airflow 2.5 has no `--no-replace-microseconds`: another run of this second is in the way."""
    api.environments["etl"]["AirflowVersion"] = "2.5.1"
    airflow = Airflow("2.11.0", cli, transcripts)
    created = "Created <DagRun demo @ 2023-01-01 00:00:00+00:00: r1, state:queued, x: y>\n"
    cli.script.extend([airflow.says("duplicate"), *airflow.absent, cli.says(created)])
    result = trigger()
    assert (result["created"], result["airflow_version"]) == (True, "2.5.1")
    assert time.pauses[0] >= 1


def test_a_dag_with_ten_thousand_runs_is_looked_through(
    cli: Any, airflow: Airflow, trigger: Callable[[], dict[str, Any]]
) -> None:
    rows = [f'{{"dag_id": "demo", "run_id": "r{n}", "state": "success"}}' for n in range(10_000)]
    listed = cli.says(f"[{', '.join(rows)}]\n")
    cli.script.extend([cli.raw(504, b""), listed, *airflow.present[1:]])
    assert trigger()["state"] == "success"


def test_a_list_of_runs_over_the_limit_says_the_limit(
    cli: Any,
    airflow: Airflow,
    trigger: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli_module, "MAX_ANSWER", 100_000)
    cli.script.extend([cli.raw(504, b""), *[cli.says("x" * 100_000)] * 3])
    with pytest.raises(OutcomeUnknown, match="over 100000 bytes, which is the limit"):
        trigger()


def test_every_error_says_whether_trying_again_may_help() -> None:
    transient = {error.__name__ for error in TriggerError.__subclasses__() if error.transient}
    permanent = {error.__name__ for error in TriggerError.__subclasses__() if not error.transient}
    assert transient == {"EnvironmentNotReady", "MwaaUnavailable", "OutcomeUnknown"}
    assert permanent == {
        "InvalidRequest",
        "EnvironmentNotFound",
        "DagNotFound",
        "DagRunNotFound",
        "RunIdConflict",
        "AccessDenied",
        "CommandRejected",
    }
