"""The DAGs in `allowed_dags` of the target, and the refusal of all other DAGs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mwaa_dags_trigger.allowed_dags import AllowedDags, parse_allowed_dags
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import DagNotAllowed
from mwaa_dags_trigger.request import RunKey
from mwaa_dags_trigger.transports.base import Transport

from tests.support.adapter import RUN_ID
from tests.support.handler import Handle, handler
from tests.support.mwaa import FakeMwaa


def refused(allowed: AllowedDags, dag_id: str, environment: str = "etl") -> bool:
    run = RunKey(mwaa_env_name=environment, mwaa_dag_name=dag_id, dag_run_id="r")
    try:
        allowed.check(run)
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
    assert not refused(parse_allowed_dags(None), "demo")


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
    """Handle where only the DAGs of a team are allowed."""
    allowed_dags = parse_allowed_dags('{"etl": ["team_*"]}')
    return handler(transport_of_adapter, deadline, allowed_dags=allowed_dags)


@pytest.mark.parametrize(
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
