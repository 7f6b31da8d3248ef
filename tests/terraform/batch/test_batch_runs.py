"""The batch state machine and its role as planned, in the local Step Functions, with each kind of input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.terraform.batch.batches import BUCKET, ITEM, NO_OBJECT, STARTED_BY, Batches, batches_of
from tests.terraform.planner import Plan


@pytest.fixture(scope="module")
def batches(example_plan: Plan) -> Iterator[Batches]:
    with batches_of(example_plan) as batches:
        yield batches


class TestItems:
    def test_of_a_list_are_the_inputs_of_the_executions_with_a_key_of_the_batch(
        self, batches: Batches
    ) -> None:
        items = [{**ITEM, "mwaa_dag_conf": {"client": "Zoë's"}}, ITEM]

        batch = batches.run({"dag_runs": items})

        assert batch.description["status"] == "SUCCEEDED", batch.description
        assert batch.started == [
            {**item, "idempotency_key": f"{batch.arn}:{index}"} for index, item in enumerate(items)
        ]

    @pytest.mark.parametrize("name", ["run_id", "idempotency_key"])
    def test_keep_their_own_idempotency_key_or_run_id(self, batches: Batches, name: str) -> None:
        batch = batches.run({"dag_runs": [{**ITEM, name: "order-1"}]})

        assert batch.started == [{**ITEM, name: "order-1"}]

    @pytest.mark.parametrize("name", ["run_id", "idempotency_key"])
    def test_with_null_as_key_or_run_id_get_a_key_of_the_batch(
        self, batches: Batches, name: str
    ) -> None:
        batch = batches.run({"dag_runs": [{**ITEM, name: None}]})

        assert batch.started == [
            {**ITEM, name: None, "idempotency_key": f"{batch.arn}:0"},
        ]

    def test_contain_the_execution_that_started_them(self, batches: Batches) -> None:
        batch = batches.run({"dag_runs": [ITEM]})

        (child,) = batch.children("SUCCEEDED")
        assert json.loads(child["Output"])[STARTED_BY] == child["ExecutionArn"]


class TestInput:
    @pytest.mark.parametrize(
        ("event", "says"),
        [
            pytest.param(
                ITEM,
                "This is the input of one DAG run: start an execution of the state machine "
                "data-onboarding-staging with it, or put it into the list dag_runs.",
                id="input of one DAG run",
            ),
            pytest.param(
                {"dag_runs": [ITEM], "bucket": BUCKET, "key": "staging/clients.csv"},
                "Set either dag_runs or bucket and key, not both.",
                id="both forms",
            ),
            *(
                pytest.param(
                    {"dag_runs": value},
                    f"dag_runs must be a list of objects, not a value of the type {kind}.",
                    id=kind,
                )
                for value, kind in [
                    (ITEM, "object"),
                    ("[]", "string"),
                    (1, "number"),
                    (None, "null"),
                ]
            ),
            *(
                pytest.param(
                    event,
                    "bucket must be data-onboarding-batches, and key must begin with staging/ and "
                    "end with .json or .csv. The batch cannot read other objects.",
                    id=name,
                )
                for name, event in {
                    "another bucket": {"bucket": "other", "key": "staging/clients.csv"},
                    "another prefix": {"bucket": BUCKET, "key": "clients.csv"},
                    "another kind": {"bucket": BUCKET, "key": "staging/clients.xlsx"},
                    "no key": {"bucket": BUCKET},
                    "no bucket": {"key": "staging/clients.csv"},
                    "key that is no text": {"bucket": BUCKET, "key": 1},
                }.items()
            ),
            pytest.param(
                {},
                "Set dag_runs to a list of items, or bucket and key to an object that contains such a list.",
                id="nothing",
            ),
        ],
    )
    def test_that_is_not_a_batch_is_rejected_before_anything_starts(
        self, batches: Batches, event: Mapping[str, Any], says: str
    ) -> None:
        before = batches.count_executions()

        batch = batches.run(event)

        assert batch.failure == ("InvalidRequest", says)
        assert batches.count_executions() == before


class TestBadItem:
    @pytest.mark.parametrize(
        ("item", "says"),
        [
            pytest.param("x", NO_OBJECT.format("string"), id="text"),
            pytest.param(None, NO_OBJECT.format("null"), id="null"),
            pytest.param([ITEM], NO_OBJECT.format("array"), id="list"),
            pytest.param(
                {"mwaa_dag_name": "onboarding"},
                "its field mwaa_env_name must be a text that is not empty. Its fields are mwaa_dag_name.",
                id="no environment",
            ),
            pytest.param(
                {"a": 1, "mwaa_env_name": 2},
                "its field mwaa_env_name and its field mwaa_dag_name must be a text that is not empty. "
                "Its fields are a, mwaa_env_name.",
                id="neither",
            ),
        ],
    )
    def test_fails_alone_with_its_index_and_reason(
        self, batches: Batches, item: Any, says: str
    ) -> None:
        before = batches.count_executions()

        # One of 20 is the 5 % that are tolerated.
        batch = batches.run({"dag_runs": [ITEM, item, *[ITEM] * 18]})

        assert batch.description["status"] == "SUCCEEDED", batch.description
        (failed,) = batch.children("FAILED")
        assert failed["Error"] == "InvalidRequest"
        assert failed["Cause"] == f"Item 1, counted from 0: {says}"
        assert batches.count_executions() == before + 19

    def test_whose_execution_fails_has_its_error_in_the_cause(self, batches: Batches) -> None:
        batch = batches.run({"dag_runs": [{**ITEM, "mwaa_dag_name": "bad"}]})

        (failed,) = batch.children("FAILED")
        cause = json.loads(failed["Cause"])
        assert (failed["Error"], cause["Error"]) == ("States.TaskFailed", "DagNotFound")
        assert cause["Cause"] == "no DAG bad"

    def test_gets_the_same_dag_run_from_another_batch_with_its_key(self, batches: Batches) -> None:
        first = batches.run({"dag_runs": [{**ITEM, "mwaa_dag_name": "bad"}]})
        (failed,) = first.children("FAILED")
        given = json.loads(failed["Input"])
        key = f"{given['batch']}:{given['index']}"
        execution = batches.machines.account.states.describe_execution(
            executionArn=json.loads(failed["Cause"])["ExecutionArn"]
        )

        again = {**given["item"], "mwaa_dag_name": "onboarding", "idempotency_key": key}
        second = batches.run({"dag_runs": [again]})

        assert json.loads(execution["input"])["idempotency_key"] == key
        assert [item["idempotency_key"] for item in second.started] == [key]
