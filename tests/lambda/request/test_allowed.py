"""What the target allows: environments, DAGs and state machines. Everything else is refused before any call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mwaa_dags_trigger.allowed import Allowed, parse_allowed
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagNotAllowed, EnvironmentNotFound, InvalidRequest
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.base import Transport

from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle, handler
from tests.support.transports.adapter import RUN_ID


def parse_allowed_dags(setting: str) -> Allowed:
    return parse_allowed({"ALLOWED_DAGS": setting})


def refused(allowed: Allowed, dag_id: str, environment: str = "etl") -> bool:
    run = RunKey(mwaa_env_name=environment, mwaa_dag_name=dag_id, dag_run_id="r")
    try:
        allowed.check(run, None)
    except DagNotAllowed:
        return True
    return False


@pytest.mark.parametrize(
    ("names", "dag_id", "allowed"),
    [
        pytest.param(["demo"], "demo", True, id="exact"),
        pytest.param(["demo"], "demo2", False, id="longer than the id"),
        pytest.param(["demo2"], "demo", False, id="shorter than the id"),
        pytest.param(["demo"], "Demo", False, id="other case"),
        pytest.param(["team_*"], "team_a", True, id="prefix"),
        pytest.param(["team_*"], "team_", True, id="prefix alone"),
        pytest.param(["team_*"], "team", False, id="shorter than the prefix"),
        pytest.param(["team_*"], "my_team_a", False, id="prefix in the middle"),
        pytest.param(["a", "b*", "demo"], "demo", True, id="one of several"),
        pytest.param(["te.m"], "team", False, id="no regular expression"),
        pytest.param(["té_*"], "té_1", True, id="beyond ASCII"),
        pytest.param(["*"], "demo", True, id="all"),
        pytest.param([], "demo", False, id="none"),
    ],
)
def test_a_dag_is_allowed_by_its_id_or_by_a_prefix(
    names: list[str], dag_id: str, allowed: bool
) -> None:
    assert refused(parse_allowed_dags(json.dumps({"etl": names})), dag_id) is not allowed


def test_all_dags_of_an_unlisted_environment_are_allowed() -> None:
    allowed = parse_allowed_dags('{"etl": ["demo"]}')
    assert refused(allowed, "other")
    assert not refused(allowed, "other", environment="etl2")


def test_without_the_setting_all_dags_are_allowed() -> None:
    assert not refused(parse_allowed({}), "demo")


@pytest.mark.parametrize(
    "setting",
    [
        *("", "demo", "null", "[]", '{"etl": "demo"}', '{"etl": {"demo": 1}}', '{"etl": null}'),
        *('{"etl": [1]}', '{"etl": [""]}', '{"etl": ["a*b"]}', '{"etl": ["*a*"]}', '{"etl": ["a"]'),
    ],
)
def test_a_broken_setting_is_explained(setting: str) -> None:
    with pytest.raises(RuntimeError, match=r"variable ALLOWED_DAGS must be a JSON object .* apply"):
        parse_allowed_dags(setting)


@pytest.fixture
def handle_team(transport_of_adapter: Transport, deadline: Deadline) -> Handle:
    """Handle an event with only the DAGs of a team allowed."""
    allowed = parse_allowed_dags('{"etl": ["team_*"]}')
    return handler(transport_of_adapter, deadline, allowed=allowed)


every_action = pytest.mark.parametrize(
    "event",
    [
        pytest.param({"run_id": RUN_ID}, id="trigger"),
        pytest.param({"action": "status", "dag_run_id": RUN_ID}, id="status"),
        pytest.param(
            {
                "action": "check",
                "dag_run_id": RUN_ID,
                "triggered_at": "2026-01-01T10:00:00Z",
                "checked_at": "2026-01-01T10:00:15Z",
                "timeout_seconds": 3600,
            },
            id="check",
        ),
    ],
)


@every_action
def test_every_action_on_another_dag_is_refused_before_any_call(
    event: dict[str, Any], mwaa: FakeMwaa, handle_team: Handle
) -> None:
    with pytest.raises(DagNotAllowed) as caught:
        handle_team(**event)
    assert mwaa.calls == []
    assert str(caught.value) == (
        "DAG demo is not allowed in MWAA environment etl. Add it to allowed_dags of the target, or use "
        f"another DAG. (run id {RUN_ID})"
    )


# Environments -------------------------------------------------------------------------------------


AllowOnly = Callable[[Allowed], Handle]


@pytest.fixture
def handle_only(transport_of_adapter: Transport, deadline: Deadline) -> AllowOnly:
    """Handle an event with these restrictions."""
    return lambda allowed: handler(transport_of_adapter, deadline, allowed=allowed)


@every_action
@pytest.mark.parametrize(
    ("environments", "hint"),
    [
        pytest.param(["etl2", "reports"], "Did you mean etl2?", id="a near name"),
        pytest.param(["reports", "analytics"], "It uses analytics, reports.", id="other names"),
        pytest.param(
            [f"x{number:02}" for number in range(12)], "x08, x09 and 2 more.", id="many names"
        ),
    ],
)
def test_another_environment_is_refused_before_any_call(
    environments: list[str],
    hint: str,
    event: dict[str, Any],
    mwaa: FakeMwaa,
    handle_only: AllowOnly,
) -> None:
    allowed = parse_allowed({"MWAA_ENVIRONMENTS": json.dumps(environments)})
    with pytest.raises(EnvironmentNotFound) as caught:
        handle_only(allowed)(**event)
    assert mwaa.calls == []
    message = str(caught.value)
    assert message.startswith("The function does not use MWAA environment etl. ")
    assert hint in message
    assert "GetEnvironment" not in message


def test_each_environment_of_the_target_is_allowed() -> None:
    allowed = parse_allowed({"MWAA_ENVIRONMENTS": '["etl", "other"]'})
    assert not refused(allowed, "demo", "etl")
    assert not refused(allowed, "demo", "other")


# State machines -----------------------------------------------------------------------------------

TRUSTED = "arn:aws:states:eu-central-1:111111111111:stateMachine:onboarding"
EXECUTION = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
TRUSTS_ONE = Allowed(state_machines=[TRUSTED])


def run(execution_arn: str | None) -> None:
    key = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id="r")
    TRUSTS_ONE.check(key, execution_arn)


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(EXECUTION, id="standard"),
        pytest.param(f"{EXECUTION.replace('execution', 'express')}:8a1b", id="express"),
        pytest.param(EXECUTION.replace("onboarding:", "onboarding/Items:"), id="child of a map"),
        pytest.param(f"{EXECUTION}:x", id="colon in the name"),
        pytest.param(None, id="manual invocation"),
    ],
)
def test_an_execution_of_a_trusted_state_machine_is_allowed(arn: str | None) -> None:
    run(arn)


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(EXECUTION.replace("111111111111", "333333333333"), id="account"),
        pytest.param(EXECUTION.replace("eu-central-1", "eu-west-1"), id="Region"),
        pytest.param(EXECUTION.replace("arn:aws:", "arn:aws-cn:"), id="partition"),
        pytest.param(EXECUTION.replace("onboarding", "onboarding2"), id="longer name"),
        pytest.param(EXECUTION.replace("onboarding", "onboard"), id="shorter name"),
        pytest.param(EXECUTION.replace("onboarding", "Onboarding"), id="other case"),
        pytest.param(TRUSTED, id="the state machine itself"),
        pytest.param(EXECUTION.rpartition(":")[0], id="no name"),
        pytest.param(f"{TRUSTED}:execution:onboarding:x", id="both"),
        pytest.param("arn:x", id="no execution"),
    ],
)
def test_an_execution_of_another_state_machine_is_refused(arn: str) -> None:
    with pytest.raises(
        InvalidRequest, match=r"does not trust this state machine\. Add it to trusted_"
    ):
        run(arn)


@pytest.mark.parametrize("event", [{"run_id": RUN_ID}, {"idempotency_key": "order-1"}, {}])
def test_a_claimed_execution_is_refused_before_any_call(
    event: dict[str, Any], mwaa: FakeMwaa, handle_only: AllowOnly
) -> None:
    other = EXECUTION.replace("onboarding", "other")
    with pytest.raises(InvalidRequest):
        handle_only(TRUSTS_ONE)(**event, execution_arn=other)
    assert mwaa.calls == []


@pytest.mark.parametrize("name", ["MWAA_ENVIRONMENTS", "TRUSTED_STATE_MACHINES"])
@pytest.mark.parametrize("setting", ["", "etl", "null", "{}", "[1]", '[""]', '["etl"', '"etl"'])
def test_a_broken_list_is_explained(name: str, setting: str) -> None:
    with pytest.raises(RuntimeError, match=f"variable {name} must be a JSON list of strings"):
        parse_allowed({name: setting})
