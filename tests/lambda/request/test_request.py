"""The fields of an event, and the requests that are parsed from them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.errors import InvalidRequest
from mwaa_dags_trigger.fields import MAX_CONF_BYTES, MAX_CONF_DEPTH
from mwaa_dags_trigger.request import RunKey, Status, Trigger, parse

from tests.support.secrets import CONF_MARK

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"


def event(**fields: object) -> dict[str, Any]:
    return {"mwaa_env_name": "etl", "mwaa_dag_name": "demo", **fields}


def wanted(**fields: object) -> Trigger:
    request = parse(event(**fields))
    assert isinstance(request, Trigger)
    return request


@pytest.mark.parametrize(
    ("given", "conf"),
    [
        pytest.param({}, {}, id="absent"),
        pytest.param({"mwaa_dag_conf": None}, {}, id="null"),
        pytest.param({"mwaa_dag_conf": {"a": [1, None]}}, {"a": [1, None]}, id="object"),
        pytest.param({"mwaa_dag_conf": '{"a": true}'}, {"a": True}, id="string"),
    ],
)
def test_conf_is_an_object_or_a_string_with_an_object(
    given: dict[str, Any], conf: dict[str, Any]
) -> None:
    assert wanted(**given).conf == conf


def test_null_is_absent() -> None:
    names = ["mwaa_dag_conf", "run_id", "idempotency_key", "action", "redrive_count", "state_name"]
    assert wanted(**dict.fromkeys(names), execution_arn=ARN) == wanted(execution_arn=ARN)


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
        pytest.param({"mwaa_dag_name": "de/mo"}, "mwaa_dag_name", id="DAG with slash"),
        pytest.param({"mwaa_dag_name": "."}, "mwaa_dag_name", id="DAG a dot"),
        pytest.param({"mwaa_dag_name": ".."}, "mwaa_dag_name", id="DAG two dots"),
        pytest.param({"mwaa_dag_name": "d" * 251}, "mwaa_dag_name", id="DAG of 251"),
        pytest.param({"run_id": 5}, "run_id", id="run id a number"),
        pytest.param({"run_id": ""}, "run_id", id="run id empty"),
        pytest.param({"run_id": "a/b"}, "run_id", id="run id with slash"),
        pytest.param({"run_id": "--conf"}, "run_id", id="run id begins with -"),
        pytest.param({"run_id": "r" * 251}, "run_id", id="run id of 251"),
        pytest.param({"run_id": ".."}, "run_id", id="run id two dots"),
        pytest.param({"run_id": "scheduled__x"}, "run_id", id="scheduled"),
        pytest.param({"run_id": "backfill__x"}, "run_id", id="backfill"),
        pytest.param({"run_id": "dataset_triggered__x"}, "run_id", id="dataset_triggered"),
        pytest.param({"run_id": "asset_triggered__x"}, "run_id", id="asset_triggered"),
        pytest.param({"run_id": "asset_materialization__x"}, "run_id", id="asset_materialization"),
        pytest.param({"run_id": "operator_triggered__x"}, "run_id", id="operator_triggered"),
        pytest.param({"idempotency_key": ""}, "idempotency_key", id="key empty"),
        pytest.param({"idempotency_key": 5}, "idempotency_key", id="key a number"),
        pytest.param({"idempotency_key": "k" * 2049}, "idempotency_key", id="key of 2049"),
        pytest.param({"action": "delete"}, "action", id="action unknown"),
        pytest.param({"action": ""}, "action", id="action empty"),
        pytest.param({"action": ["trigger"]}, "action", id="action a list"),
        pytest.param({"action": "status"}, "dag_run_id", id="status of no run"),
        pytest.param({"action": "status", "dag_run_id": ".."}, "dag_run_id", id="status of dots"),
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
        pytest.param({"execution_arn": ARN, "state_name": 7}, "state_name", id="state a number"),
        pytest.param(
            {"run_id": "r", "redrive_count": 1.5}, "redrive_count", id="wrong type beside a run id"
        ),
        pytest.param({"state_name": "Trigger"}, "execution_arn", id="state without ARN"),
        pytest.param({"retry_count": 0}, "execution_arn", id="retries without ARN"),
        pytest.param({"input_fields": "run_id"}, "input_fields", id="names a string"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(**fields))
    assert str(caught.value).startswith(f"{named} must ")


def test_a_run_id_together_with_a_key_is_rejected() -> None:
    with pytest.raises(InvalidRequest, match="run_id or idempotency_key, not both"):
        parse(event(run_id="r1", idempotency_key="k"))


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        pytest.param("mwaa_dag_config", "Did you mean mwaa_dag_conf?", id="config"),
        pytest.param("dag_run_id", "Did you mean run_id?", id="the result's name"),
        pytest.param("MWAA_DAG_NAME", "Known fields: action, mwaa_env_name", id="capitals"),
        pytest.param("item_index", "Known fields: action, mwaa_env_name", id="colour"),
    ],
)
def test_an_unknown_field_is_rejected(field: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(**{field: {"secret": CONF_MARK}}))
    assert f"unknown field '{field}'. {hint}" in str(caught.value)
    assert CONF_MARK not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param({"priority": 1}, "the field 'priority',", id="field"),
        pytest.param({"mwaa_dag_config": {}}, "the field 'mwaa_dag_config',", id="misspelt field"),
        pytest.param({"action": "pause"}, "the action 'pause',", id="action"),
        pytest.param({"action": "check", "priority": 1}, "the field 'priority',", id="check"),
    ],
)
def test_what_a_newer_state_machine_sends_names_the_versions(
    fields: dict[str, Any], named: str
) -> None:
    """A new execution would create a second DAG run."""
    with pytest.raises(InvalidRequest) as caught:
        parse(event(execution_arn=ARN, **fields))
    message = str(caught.value)
    assert f"The state machine sent {named} which this function, version {__version__}," in message
    assert "upgrade the target to its version, then redrive the execution" in message


def test_a_field_of_a_trigger_is_unknown_in_a_status_request() -> None:
    with pytest.raises(InvalidRequest, match=r"'run_id'\. Did you mean dag_run_id\?"):
        parse(event(action="status", run_id="r1"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("mwaa_dag_config", "mwaa_dag_conf", id="config"),
        pytest.param("mwaa_colour", "mwaa_env_name or mwaa_dag_name or mwaa_dag_conf", id="mwaa_"),
        pytest.param("mwaaDagConf", "mwaa_dag_conf", id="camel case"),
        pytest.param("dag_run_id", "run_id", id="the result's name"),
        pytest.param("runId", "run_id", id="another spelling"),
        pytest.param("idempotencykey", "idempotency_key", id="without underscore"),
        pytest.param("env_name", "mwaa_env_name", id="without mwaa"),
    ],
)
def test_a_typo_in_the_execution_input_is_rejected(name: str, hint: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(input_fields=["mwaa_env_name", "status", name]))
    assert f"input has an unknown field '{name}'. Did you mean {hint}?" in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["dag_runs"], id="a list"),
        pytest.param(["bucket", "key"], id="an object of S3"),
    ],
)
def test_a_batch_is_rejected_with_the_name_of_its_state_machine(names: list[str]) -> None:
    sent = {"input_fields": names, "execution_arn": ARN, "state_name": "Trigger MWAA DAG"}

    with pytest.raises(InvalidRequest, match="Start an execution of the batch state machine"):
        parse(sent)


def test_fields_of_a_batch_are_accepted_together_with_an_environment() -> None:
    assert wanted(input_fields=["mwaa_env_name", "dag_runs", "bucket", "key"])


def test_other_fields_of_the_execution_input_are_accepted() -> None:
    others = ["status", "client", "conf", "id", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"]
    assert wanted(input_fields=["mwaa_env_name", "mwaa_dag_conf", "run_id", *others])


@pytest.mark.parametrize("value", [None, [], "demo", 3])
def test_an_event_that_is_no_object_is_rejected(value: object) -> None:
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
    ],
)
def test_a_conf_that_is_no_object_is_rejected_and_not_shown(conf: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(event(mwaa_dag_conf=conf))
    assert (
        str(caught.value) == "mwaa_dag_conf must be a JSON object, or a string with a JSON object."
    )


def test_a_conf_of_the_maximum_size_of_step_functions_is_accepted() -> None:
    frame = len('{"a":""}')
    text = "é" * ((MAX_CONF_BYTES - frame) // 2)
    assert wanted(mwaa_dag_conf={"a": text}).conf == {"a": text}


@pytest.mark.parametrize("size", [MAX_CONF_BYTES + 1, 1024 * 1024])
def test_a_larger_conf_is_rejected_with_the_limit(size: int) -> None:
    conf = {"a": "x" * (size - len('{"a":""}'))}
    with pytest.raises(InvalidRequest, match=f"at most 262144 bytes of JSON, but it has {size}"):
        parse(event(mwaa_dag_conf=conf))


def nested(levels: int) -> str:
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def test_a_conf_with_the_most_levels_is_accepted() -> None:
    conf = nested(MAX_CONF_DEPTH)
    assert wanted(mwaa_dag_conf=conf).conf == json.loads(conf)


@pytest.mark.parametrize(
    "conf",
    [
        pytest.param(nested(MAX_CONF_DEPTH + 1), id="one level more"),
        pytest.param(json.loads(nested(MAX_CONF_DEPTH + 1)), id="object"),
        pytest.param('{"a":' + "[" * 200 + "]" * 200 + "}", id="lists"),
        pytest.param(nested(20_000), id="more than Python reads"),
        pytest.param('{"a":' * 100_000, id="without end"),
    ],
)
def test_a_deeper_conf_is_rejected_before_a_library_fails(conf: object) -> None:
    with pytest.raises(InvalidRequest, match="at most 200 levels of objects and lists"):
        parse(event(mwaa_dag_conf=conf))


def test_half_a_surrogate_pair_is_accepted() -> None:
    assert wanted(mwaa_dag_conf='{"a": "\\ud800"}').conf == {"a": "\ud800"}


def test_the_request_does_not_show_its_conf() -> None:
    assert CONF_MARK not in repr(parse(event(mwaa_dag_conf={"a": CONF_MARK})))


# The state of a run -----------------------------------------------------------------------------


@pytest.mark.parametrize("run_id", ["sfn__x_y", "scheduled__2026-11-23T00:00:00+00:00", "~a"])
def test_the_state_of_any_run_can_be_requested(run_id: str) -> None:
    asked = parse(event(action="status", dag_run_id=run_id))
    key = RunKey(mwaa_env_name="etl", mwaa_dag_name="demo", dag_run_id=run_id)
    assert asked == Status(key=key)


def test_a_request_without_action_is_a_trigger() -> None:
    assert wanted(execution_arn=ARN) == wanted(execution_arn=ARN, action="trigger")


@pytest.mark.parametrize("dag_id", ["démo", "訓練", "a.b-c_d", ".a"])
def test_a_dag_id_of_airflow_is_accepted(dag_id: str) -> None:
    assert wanted(mwaa_dag_name=dag_id).key.mwaa_dag_name == dag_id


@pytest.mark.parametrize(
    ("fields", "is_retry"),
    [
        pytest.param({}, False, id="first try"),
        pytest.param({"retry_count": 1}, True, id="retry"),
        pytest.param({"redrive_count": 1}, True, id="redrive"),
    ],
)
def test_a_retry_or_redrive_is_recognized(fields: dict[str, int], is_retry: bool) -> None:
    assert wanted(execution_arn=ARN, **fields).is_retry is is_retry
