"""Lists of a batch that are objects in S3, JSON or CSV, in the local Step Functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.terraform.batch.batches import BUCKET, ITEM, NO_OBJECT, Batches, batches_of, csv_of
from tests.terraform.planner import Plan


@pytest.fixture(scope="module")
def batches(example_plan: Plan, modules_plan: Plan) -> Iterator[Batches]:
    with batches_of(example_plan) as batches:
        yield batches


class TestItems:
    def test_come_from_a_json_object(self, batches: Batches) -> None:
        items = [{**ITEM, "mwaa_dag_conf": {"n": n}} for n in range(3)]

        batch = batches.run(batches.put("staging/clients.json", json.dumps(items)))

        assert [item["mwaa_dag_conf"] for item in batch.started] == [{"n": n} for n in range(3)]

    @pytest.mark.parametrize(
        ("cells", "conf"),
        [
            pytest.param({}, {}, id="no column"),
            pytest.param({"mwaa_dag_conf": ""}, {}, id="empty cell"),
            pytest.param({"mwaa_dag_conf": '{"a": [1, null]}'}, {"a": [1, None]}, id="JSON"),
            pytest.param({"conf.client": "Zoë, 1"}, {"client": "Zoë, 1"}, id="a field"),
            pytest.param(
                {"conf.a": "1", "conf.b": "", "conf.c.d": "2"}, {"a": "1", "c.d": "2"}, id="fields"
            ),
            pytest.param(
                {"mwaa_dag_conf": '{"a": 1, "b": 2}', "conf.b": "3"}, {"a": 1, "b": "3"}, id="both"
            ),
        ],
    )
    def test_come_from_a_csv_object_with_their_conf(
        self, batches: Batches, cells: Mapping[str, str], conf: Mapping[str, Any]
    ) -> None:
        batch = batches.run(batches.put("staging/clients.CSV", csv_of({**ITEM, **cells})))

        assert batch.started == [
            {**ITEM, "mwaa_dag_conf": conf, "idempotency_key": f"{batch.arn}:0"}
        ]

    @pytest.mark.parametrize("client", ["Zoë", 'a"b', "C:\\new"])
    def test_of_a_csv_object_keep_each_backslash_that_is_doubled(
        self, batches: Batches, client: str
    ) -> None:
        cell = json.dumps({"client": client}).replace("\\", "\\\\")
        body = csv_of({**ITEM, "mwaa_dag_conf": cell})

        batch = batches.run(batches.put("staging/clients.csv", body))

        assert batch.started[0]["mwaa_dag_conf"] == {"client": client}

    def test_of_a_csv_object_lose_a_single_backslash(self, batches: Batches) -> None:
        body = csv_of({**ITEM, "mwaa_dag_conf": json.dumps({"client": "Zoë"})})

        batch = batches.run(batches.put("staging/clients.csv", body))

        assert batch.started[0]["mwaa_dag_conf"] == {"client": "Zou00eb"}

    def test_of_a_csv_object_may_have_keys_in_some_rows(self, batches: Batches) -> None:
        rows = [{**ITEM, "idempotency_key": key} for key in ("order-1", "")]

        batch = batches.run(batches.put("staging/clients.csv", csv_of(*rows)))

        assert [item["idempotency_key"] for item in batch.started] == ["order-1", f"{batch.arn}:1"]

    def test_of_a_csv_object_may_come_after_a_byte_order_mark(self, batches: Batches) -> None:
        body = "\ufeff" + csv_of({"conf.client": "acme", **ITEM})

        batch = batches.run(batches.put("staging/clients.csv", body))

        assert batch.started[0]["mwaa_dag_conf"] == {"client": "acme"}

    @pytest.mark.parametrize("blank", [",,", "", '"",,""'])
    def test_of_a_csv_object_do_not_include_rows_of_empty_cells(
        self, batches: Batches, blank: str
    ) -> None:
        rows = csv_of({**ITEM, "conf.client": "acme"}).splitlines()
        body = "\n".join([rows[0], blank, *rows[1:], blank, ""])
        before = batches.count_executions()

        batch = batches.run(batches.put("staging/clients.csv", body))

        assert batch.description["status"] == "SUCCEEDED", batch.description
        assert batches.count_executions() == before + 1
        assert len(batch.children("SUCCEEDED")) == 3

    @pytest.mark.parametrize(
        ("key", "body"),
        [
            pytest.param(None, None, id="a list"),
            pytest.param("staging/empty.json", "[]", id="JSON"),
            pytest.param("staging/empty.csv", "mwaa_env_name,mwaa_dag_name\n", id="CSV"),
        ],
    )
    def test_can_be_empty(self, batches: Batches, key: str | None, body: str | None) -> None:
        event: Mapping[str, Any] = {"dag_runs": []}
        if key and body:
            event = batches.put(key, body)

        batch = batches.run(event)

        assert batch.description["status"] == "SUCCEEDED", batch.description
        assert batch.children("SUCCEEDED") == []


class TestBadItems:
    @pytest.mark.parametrize(
        ("key", "body"),
        [
            pytest.param("staging/none.json", None, id="no object"),
            pytest.param("staging/broken.json", "[", id="no JSON"),
            pytest.param("staging/text.json", '"x"', id="no list"),
            pytest.param("staging/twice.csv", "a,a\n1,2\n", id="two columns of one name"),
        ],
    )
    def test_without_a_readable_object_fails_with_the_error_of_the_reader(
        self, batches: Batches, key: str, body: str | None
    ) -> None:
        event = batches.put(key, body) if body else {"bucket": BUCKET, "key": key}

        batch = batches.run(event)

        assert batch.failure[0] == "States.ItemReaderFailed"

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            pytest.param(
                {"mwaa_env_name": "analytics", "dag": "onboarding"},
                "its field mwaa_dag_name must be a text that is not empty. Its fields are dag, mwaa_env_name.",
                id="a column is missing",
            ),
            pytest.param(
                {**ITEM, "mwaa_env_name": ""},
                "its field mwaa_env_name must be a text that is not empty. Its fields are mwaa_dag_name, "
                "mwaa_env_name.",
                id="a cell is empty",
            ),
            pytest.param(
                {'\ufeff"mwaa_env_name"': "analytics", "mwaa_dag_name": "onboarding"},
                "its field mwaa_env_name must be a text that is not empty. Its fields are "
                '"mwaa_env_name", mwaa_dag_name (without the byte order mark at the beginning of the file).',
                id="a byte order mark makes a column another one",
            ),
            pytest.param(
                {**ITEM, "conf.": "acme"},
                "the column conf. must end with the name of a field of the conf, such as conf.client.",
                id="a column of the conf has no name",
            ),
            *(
                pytest.param(
                    {**ITEM, "mwaa_dag_conf": cell},
                    "the cell mwaa_dag_conf must be a JSON object.",
                    id=cell,
                )
                for cell in ("{'a': 1}", "[1]", "null", "1 + 1")
            ),
        ],
    )
    def test_of_a_csv_object_names_the_cell(
        self, batches: Batches, row: Mapping[str, str], says: str
    ) -> None:
        batch = batches.run(batches.put("staging/bad.csv", csv_of(row)))

        assert batch.failure[0] == "States.ExceedToleratedFailureThreshold"
        (failed,) = batch.children("FAILED")
        assert failed["Error"] == "InvalidRequest"
        assert failed["Cause"] == f"Item 0, counted from 0: {says}"


@pytest.fixture
def tolerant(batches: Batches, modules_plan: Plan) -> Iterator[None]:
    """The planned tolerance of a batch whose items may all fail."""
    planned = modules_plan.definition("module.tolerant.aws_sfn_state_machine.batch[0]")["States"]
    with batches.tolerating(planned["Trigger List"]["ToleratedFailurePercentage"]):
        yield


@pytest.mark.usefixtures("tolerant")
class TestAllMayFail:
    def test_and_one_succeeds(self, batches: Batches) -> None:
        batch = batches.run({"dag_runs": ["x", "x", ITEM]})

        assert batch.description["status"] == "SUCCEEDED", batch.description
        assert len(batch.children("FAILED")) == 2

    def test_but_not_a_list_within_an_object(self, batches: Batches) -> None:
        before = batches.count_executions()

        batch = batches.run(
            batches.put("staging/event.json", json.dumps({"dag_runs": [ITEM, ITEM]}))
        )

        assert batch.failure[0] == "States.ExceedToleratedFailureThreshold"
        (failed,) = batch.children("FAILED")
        assert failed["Cause"] == f"Item 0, counted from 0: {NO_OBJECT.format('array')}"
        assert batches.count_executions() == before

    def test_but_not_all_do(self, batches: Batches) -> None:
        batch = batches.run({"dag_runs": [{**ITEM, "mwaa_dag_name": "bad"}] * 3})

        assert batch.failure[0] == "States.ExceedToleratedFailureThreshold"
        assert len(batch.children("FAILED")) == 3
