"""Input is checked offline, before anything is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mwaa_dags.arns import StateMachineArn
from mwaa_dags.errors import ConsoleError
from mwaa_dags.requests import MAX_INPUT_BYTES, create_event, read_batch_input

ARN = StateMachineArn.parse("arn:aws:states:eu-central-1:111111111111:stateMachine:NAME")
ITEM = {"mwaa_env_name": "sandbox", "mwaa_dag_name": "onboarding"}


def write(directory: Path, name: str, text: str) -> str:
    file = directory / name
    file.write_text(text)
    return str(file)


@pytest.mark.parametrize(
    ("dag", "env", "conf", "words"),
    [
        ("-x", "sandbox", None, "mwaa_dag_name must be a DAG id"),
        ("onboarding", "1", None, "mwaa_env_name must be the name"),
        ("onboarding", "sandbox", "[1]", "--conf must be a JSON object"),
        ("onboarding", "sandbox", '{"a": 1', "valid JSON .line 1, column 8"),
        ("onboarding", "sandbox", "@missing.json", "missing.json cannot be read: No such file"),
        ("onboarding", "sandbox", json.dumps({"a": "x" * 300_000}), "at most 262144 bytes"),
    ],
    ids=["DAG", "environment", "list", "broken JSON", "no file", "too large"],
)
def test_a_mistake_is_named(dag: str, env: str, conf: str | None, words: str) -> None:
    with pytest.raises(ConsoleError, match=words):
        create_event(ARN, dag=dag, env=env, conf=conf)


def test_a_conf_can_be_in_a_file(tmp_path: Path) -> None:
    file = write(tmp_path, "conf.json", '{"client": "acme"}')

    event = create_event(ARN, dag="onboarding", env="sandbox", conf=f"@{file}")

    assert event == {**ITEM, "mwaa_dag_conf": {"client": "acme"}}


def test_a_csv_file_becomes_items(tmp_path: Path) -> None:
    text = '\ufeffmwaa_env_name,mwaa_dag_name,mwaa_dag_conf,conf.client,run_id\nsandbox,onboarding,"{""a"": 1}",acme,\n'
    file = write(tmp_path, "items.csv", text)

    item = {**ITEM, "mwaa_dag_conf": {"a": 1, "client": "acme"}}
    assert read_batch_input(ARN, file) == {"dag_runs": [item]}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("mwaa_dag_conf\nsandbox,x,{client: acme}", "Row 2: mwaa_dag_conf must be a JSON object"),
        ("mwaa_dag_conf\nsandbox,x,[1]", "Row 2: mwaa_dag_conf must be a JSON object"),
        (
            'mwaa_dag_conf\n,,\nsandbox,x,{"a":1,"b":2}',
            "Row 3: mwaa_dag_conf must be a JSON object",
        ),
        ("conf.\nsandbox,x,acme", "Row 1: the column conf. must end with the name of a field"),
        ("run_id,run_id\nsandbox,x,a,b", "Row 1: each column must have a different name"),
    ],
    ids=["no JSON", "list", "unquoted cell", "column without a field", "repeated column"],
)
def test_a_mistake_in_a_csv_file_is_named_without_the_cell(
    tmp_path: Path, rows: str, words: str
) -> None:
    with pytest.raises(ConsoleError, match=words) as raised:
        read_batch_input(ARN, write(tmp_path, "items.csv", f"mwaa_env_name,mwaa_dag_name,{rows}\n"))

    assert "acme" not in str(raised.value)


def test_rows_of_empty_cells_are_skipped(tmp_path: Path) -> None:
    file = write(tmp_path, "items.csv", "mwaa_env_name,mwaa_dag_name\n,\nsandbox,onboarding\n\n")

    assert read_batch_input(ARN, file) == {"dag_runs": [ITEM]}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ({"dag_runs": []}, "must contain a list of items"),
        ([ITEM, 1], "Item 1, counted from 0, must be an object"),
        ([ITEM, {"mwaa_env_name": "sandbox"}], "Item 1, counted from 0: mwaa_dag_name must be"),
        ([{**ITEM, "mwaa_dag_config": {}}], "Did you mean mwaa_dag_conf"),
        ([{**ITEM, "note": "x" * MAX_INPUT_BYTES}], "upload the file to the bucket"),
    ],
    ids=["object", "number", "missing field", "misspelt field", "too large"],
)
def test_a_wrong_batch_is_refused(tmp_path: Path, items: object, words: str) -> None:
    with pytest.raises(ConsoleError, match=words):
        read_batch_input(ARN, write(tmp_path, "items.json", json.dumps(items)))
