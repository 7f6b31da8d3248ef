"""The run id of a request."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mwaa_dags_trigger.request import Trigger, parse
from mwaa_dags_trigger.run_id import derive_run_id

ARN = "arn:aws:states:eu-central-1:111111111111:execution:onboarding:client-42"
AIRFLOW_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]{1,250}")


def run_id_of(**fields: object) -> str:
    request = parse({"mwaa_env_name": "etl", "mwaa_dag_name": "demo", **fields})
    assert isinstance(request, Trigger)
    return request.key.dag_run_id


def test_the_callers_run_id_is_used_unchanged() -> None:
    assert run_id_of(run_id="manual__2026", execution_arn=ARN) == "manual__2026"


def test_the_run_id_never_changes() -> None:
    assert run_id_of(execution_arn=ARN, state_name="Trigger MWAA DAG") == (
        "sfn__client-4_374zutqvchxlzqun"
    )
    assert run_id_of(idempotency_key="order-42") == "sfn__key_xhnvjzznyis3as2l"


def test_bucket_key_and_version_of_an_s3_object_fit_into_a_key() -> None:
    longest = f"s3://{'b' * 63}/{'k' * 1024}?versionId={'v' * 32}"

    assert run_id_of(idempotency_key=longest).startswith("sfn__key_")


@pytest.mark.parametrize("tries", [{"redrive_count": 2}, {"retry_count": 3}])
def test_retries_and_redrives_keep_the_run_id(tries: dict[str, int]) -> None:
    first = run_id_of(execution_arn=ARN, state_name="Trigger MWAA DAG")
    assert run_id_of(execution_arn=ARN, state_name="Trigger MWAA DAG", **tries) == first


def test_two_states_of_an_execution_have_two_run_ids() -> None:
    assert run_id_of(execution_arn=ARN, state_name="A") != run_id_of(
        execution_arn=ARN, state_name="B"
    )


def test_the_same_key_has_the_same_run_id_in_all_executions() -> None:
    other = ARN.replace("client-42", "client-43")
    run_ids = {
        run_id_of(idempotency_key="k"),
        run_id_of(idempotency_key="k", execution_arn=ARN, state_name="A"),
        run_id_of(idempotency_key="k", execution_arn=other, state_name="B", retry_count=1),
    }
    assert len(run_ids) == 1


def test_different_identities_have_different_run_ids() -> None:
    arns = [ARN, ARN + "3", ARN.replace("client", "clienf"), ARN.replace("onboarding", "other")]
    identities = [
        *itertools.product(arns, [None, "", *map(str, range(1000))]),
        *(("idempotency_key", key) for key in [*arns, *map(str, range(1000))]),
    ]
    assert len({derive_run_id("x", *identity) for identity in identities}) == len(identities)


# A slow machine is no fault.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(min_size=1), state=st.none() | st.text())
def test_every_run_id_is_valid_and_short(name: str, state: str | None) -> None:
    run_id = derive_run_id(name, f"arn:aws:states:x:1:execution:m:{name}", state)
    assert AIRFLOW_RUN_ID.fullmatch(run_id)
    assert ".." not in run_id  # which Airflow 3.3.1 refuses
    assert run_id.startswith("sfn__")
    assert len(run_id) <= 30


def test_each_manual_invocation_has_its_own_run_id() -> None:
    run_ids = {run_id_of() for _ in range(100)}
    assert len(run_ids) == 100
    assert all(AIRFLOW_RUN_ID.fullmatch(run_id) for run_id in run_ids)
    assert all(run_id.startswith("sfn__by-hand_") for run_id in run_ids)
