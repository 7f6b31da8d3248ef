"""CSV files have the same items for the command line as for Step Functions and the batch state machine."""

from __future__ import annotations

from io import StringIO

import pytest
from mwaa_dags.rows import convert_row, read_rows

from sandbox.aws.moto_patches.map_items import parse_records


@pytest.mark.parametrize(
    "row",
    [
        "acme,1",
        '"a, ""b"" c",1',
        '{""a"": 1},1',
        'say "hi",1',
        r"Zo\u00eb,1",
        r"Zo\\u00eb,1",
        r"a\,b,1",
        r'"a\"b\\",1',
        "C:\\dir\\\n2,3",
        '"a\nb",1\r\n2,3\r\n',
        "\n,\n1,2\n",
        '"",""',
        "1,",
    ],
)
def test_a_file_has_the_cells_that_step_functions_reads(row: str) -> None:
    columns, items = read_rows(f"conf.a,conf.b\n{row}")
    header, *records = parse_records(StringIO(f"conf.a,conf.b\n{row}"))

    assert columns == header
    assert items == [convert_row(dict(zip(header, cells, strict=False))) for cells in records]


@pytest.mark.parametrize(
    ("cells", "item"),
    [
        (r'"{""client"": ""Zo\\u00eb""}"', {"mwaa_dag_conf": {"client": "Zoë"}}),
        (r'"{""client"": ""Zo\u00eb""}"', {"mwaa_dag_conf": {"client": "Zou00eb"}}),
        (r"{},acme", {"mwaa_dag_conf": {"client": "acme"}}),
        (",acme,surplus", {"mwaa_dag_conf": {"client": "acme"}}),
        ("{}", {"mwaa_dag_conf": {}}),
        (",", {}),
        ("[1],acme", {"mwaa_dag_conf": "[1]", "conf.client": "acme"}),
        ("{a: 1}", {"mwaa_dag_conf": "{a: 1}"}),
    ],
    ids=[
        *("doubled backslash", "single backslash", "field of the conf", "surplus cell"),
        *("missing cell", "empty cells", "list", "no JSON"),
    ],
)
def test_a_row_is_the_item_of_the_batch(cells: str, item: object) -> None:
    assert read_rows(f"mwaa_dag_conf,conf.client\n{cells}\n")[1] == [item]


def test_a_row_of_empty_cells_has_an_index() -> None:
    items = read_rows("run_id,idempotency_key\na,\n,\n\nb\n")[1]

    assert items == [{"run_id": "a"}, {}, {}, {"run_id": "b"}]
