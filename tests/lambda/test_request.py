"""What an event may hold, and the run id that a request gets."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mwaa_dags_trigger.errors import InvalidRequest
from mwaa_dags_trigger.request import MAX_CONF_BYTES, derive_run_id, parse

from tests.support.secrets import CONF_MARK

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
AIRFLOW_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]{1,250}")


def event(**fields: object) -> dict[str, Any]:
    return {"mwaa_env_name": "etl", "mwaa_dag_name": "demo", **fields}


@pytest.mark.parametrize(
    ("given", "conf"),
    [
        pytest.param({}, {}, id="absent"),
        pytest.param({"mwaa_dag_conf": None}, {}, id="null"),
        pytest.param({"mwaa_dag_conf": {"a": [1, None]}}, {"a": [1, None]}, id="object"),
        pytest.param({"mwaa_dag_conf": '{"a": true}'}, {"a": True}, id="string"),
    ],
)
def test_conf_is_an_object_or_a_string_that_holds_one(
    given: dict[str, Any], conf: dict[str, Any]
) -> None:
    assert parse(event(**given)).conf == conf


def test_null_is_absent_and_unknown_fields_are_ignored() -> None:
    nulls = dict.fromkeys(["mwaa_dag_conf", "run_id", "action", "redrive_count", "item_index"])
    request = parse(event(**nulls, execution_arn=ARN, colour="blue"))
    assert request.dag_run_id == derive_run_id(ARN, redrive_count=0, item_index=None)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"mwaa_env_name": None}, "mwaa_env_name", id="no environment"),
        pytest.param({"mwaa_dag_name": None}, "mwaa_dag_name", id="no DAG"),
        pytest.param({"mwaa_env_name": 7}, "mwaa_env_name", id="environment a number"),
        pytest.param({"mwaa_env_name": "7etl"}, "mwaa_env_name", id="environment begins with 7"),
        pytest.param({"mwaa_env_name": "e" * 81}, "mwaa_env_name", id="environment of 81"),
        pytest.param({"mwaa_env_name": "etl\n"}, "mwaa_env_name", id="environment with newline"),
        pytest.param({"mwaa_env_name": "../etl"}, "mwaa_env_name", id="environment with slash"),
        pytest.param({"mwaa_dag_name": ["demo"]}, "mwaa_dag_name", id="DAG a list"),
        pytest.param({"mwaa_dag_name": ""}, "mwaa_dag_name", id="DAG empty"),
        pytest.param({"mwaa_dag_name": "-demo"}, "mwaa_dag_name", id="DAG begins with -"),
        pytest.param({"mwaa_dag_name": "de mo"}, "mwaa_dag_name", id="DAG with space"),
        pytest.param({"mwaa_dag_name": "démo"}, "mwaa_dag_name", id="DAG with é"),
        pytest.param({"mwaa_dag_name": "d" * 251}, "mwaa_dag_name", id="DAG of 251"),
        pytest.param({"run_id": 5}, "run_id", id="run id a number"),
        pytest.param({"run_id": ""}, "run_id", id="run id empty"),
        pytest.param({"run_id": "a/b"}, "run_id", id="run id with slash"),
        pytest.param({"run_id": "--conf"}, "run_id", id="run id begins with -"),
        pytest.param({"run_id": "r" * 251}, "run_id", id="run id of 251"),
        pytest.param({"run_id": "scheduled__x"}, "run_id", id="scheduled"),
        pytest.param({"run_id": "backfill__x"}, "run_id", id="backfill"),
        pytest.param({"run_id": "dataset_triggered__x"}, "run_id", id="dataset_triggered"),
        pytest.param({"run_id": "asset_triggered__x"}, "run_id", id="asset_triggered"),
        pytest.param({"action": "delete"}, "action", id="action unknown"),
        pytest.param({"action": "status"}, "dag_run_id", id="status of no run"),
        pytest.param({"action": "status", "run_id": "r1"}, "dag_run_id", id="status of run_id"),
        pytest.param({"action": "status", "dag_run_id": 7}, "dag_run_id", id="status of a number"),
        pytest.param(
            {"action": "status", "dag_run_id": "a/b"}, "dag_run_id", id="status with slash"
        ),
        pytest.param(
            {"action": "status", "dag_run_id": "r" * 251}, "dag_run_id", id="status of 251"
        ),
        pytest.param(
            {"action": "status", "dag_run_id": "r1", "mwaa_dag_name": 7},
            "mwaa_dag_name",
            id="status of DAG a number",
        ),
        pytest.param({"execution_arn": 1}, "execution_arn", id="ARN a number"),
        pytest.param({"execution_arn": "client-42"}, "execution_arn", id="ARN a name"),
        pytest.param({"execution_arn": ARN + "\nx"}, "execution_arn", id="ARN with newline"),
        pytest.param(
            {"execution_arn": ARN, "redrive_count": True}, "redrive_count", id="redrive a boolean"
        ),
        pytest.param(
            {"execution_arn": ARN, "redrive_count": -1}, "redrive_count", id="redrive negative"
        ),
        pytest.param(
            {"execution_arn": ARN, "retry_count": "1"}, "retry_count", id="retries a string"
        ),
        pytest.param({"execution_arn": ARN, "item_index": "0"}, "item_index", id="index a string"),
        pytest.param(
            {"run_id": "r", "item_index": 1.5}, "item_index", id="wrong type beside a run id"
        ),
        pytest.param({"item_index": 3}, "execution_arn", id="index without ARN"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(**fields))
    assert str(caught.value).startswith(f"{named} must ")


@pytest.mark.parametrize("value", [None, [], "demo", 3])
def test_an_event_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(InvalidRequest, match="event must be a JSON object"):
        parse(value)


@pytest.mark.parametrize(
    "conf",
    [
        pytest.param([CONF_MARK], id="list"),
        pytest.param(7, id="number"),
        pytest.param(True, id="boolean"),
        pytest.param("", id="empty string"),
        pytest.param(CONF_MARK, id="string without JSON"),
        pytest.param(f'["{CONF_MARK}"]', id="string with a list"),
        pytest.param(f'{{"a": "{CONF_MARK}"', id="string with half an object"),
        pytest.param('{"a": NaN}', id="string with NaN"),
        pytest.param({"a": float("inf")}, id="infinity"),
        pytest.param('{"a":' * 100_000, id="string nested without end"),
    ],
)
def test_a_conf_that_is_no_object_is_refused_without_showing_it(conf: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(mwaa_dag_conf=conf))
    assert str(caught.value) == "mwaa_dag_conf must be a JSON object, or a string that holds one."


def test_a_conf_may_be_as_large_as_step_functions_passes() -> None:
    frame = len('{"a":""}')
    text = "é" * ((MAX_CONF_BYTES - frame) // 2)
    assert parse(event(mwaa_dag_conf={"a": text})).conf == {"a": text}


@pytest.mark.parametrize("size", [MAX_CONF_BYTES, 1024 * 1024])
def test_a_larger_conf_is_refused_with_the_limit(size: int) -> None:
    with pytest.raises(InvalidRequest, match="at most 262144 bytes"):
        parse(event(mwaa_dag_conf={"a": "x" * size}))


def test_half_a_surrogate_pair_which_json_allows_is_taken() -> None:
    assert parse(event(mwaa_dag_conf='{"a": "\\ud800"}')).conf == {"a": "\ud800"}


def test_the_request_does_not_show_its_conf() -> None:
    assert CONF_MARK not in repr(parse(event(mwaa_dag_conf={"a": CONF_MARK})))


# The state of a run -----------------------------------------------------------------------------


@pytest.mark.parametrize("run_id", ["sfn__x_y", "scheduled__2026-11-23T00:00:00+00:00", "~a"])
def test_the_state_of_any_run_may_be_asked_for(run_id: str) -> None:
    asked = parse(event(action="status", dag_run_id=run_id, mwaa_dag_conf=["ignored"]))
    assert (asked.action, asked.dag_run_id, asked.conf) == ("status", run_id, {})


def test_a_request_without_action_is_a_trigger() -> None:
    assert parse(event()).action == parse(event(action="trigger")).action == "trigger"


# The run id -------------------------------------------------------------------------------------


def test_the_callers_run_id_is_taken_as_it_is() -> None:
    assert parse(event(run_id="manual__2026", execution_arn=ARN)).dag_run_id == "manual__2026"


def test_the_run_id_reads_and_never_changes() -> None:
    fields = {"execution_arn": ARN, "redrive_count": 1, "item_index": 0}
    assert parse(event(**fields)).dag_run_id == "sfn__client-4_45yuml2m2znetnt3"


def test_different_identities_have_different_run_ids() -> None:
    arns = [ARN, ARN + "3", ARN.replace("client", "clienf"), ARN.replace("onboarding", "other")]
    identities = list(itertools.product(arns, range(20), [None, *range(50)]))
    run_ids = {
        derive_run_id(arn, redrive_count=redrives, item_index=index)
        for arn, redrives, index in identities
    }
    assert len(run_ids) == len(identities)


def test_an_absent_redrive_count_is_none_yet() -> None:
    absent = parse(event(execution_arn=ARN)).dag_run_id
    assert absent == parse(event(execution_arn=ARN, redrive_count=0)).dag_run_id


@settings(deadline=None)  # a slow machine is no fault
@given(name=st.text(min_size=1), redrives=st.integers(0), index=st.none() | st.integers(0))
def test_every_run_id_is_airflows_and_short(name: str, redrives: int, index: int | None) -> None:
    run_id = derive_run_id(
        f"arn:aws:states:x:1:execution:m:{name}", redrive_count=redrives, item_index=index
    )
    assert AIRFLOW_RUN_ID.fullmatch(run_id)
    assert run_id.startswith("sfn__")
    assert len(run_id) <= 30


def test_each_invocation_by_hand_has_a_run_id_of_its_own() -> None:
    run_ids = {parse(event()).dag_run_id for _ in range(100)}
    assert len(run_ids) == 100
    assert all(AIRFLOW_RUN_ID.fullmatch(run_id) for run_id in run_ids)
    assert all(run_id.startswith("sfn__by-hand_") for run_id in run_ids)
