"""Distributed maps of the local Step Functions read their items from an object in S3."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import pytest

from sandbox.aws.moto_patches.map_items import parse_records
from tests.sandbox.step_functions.distributed_maps import (
    ALL_PERMISSIONS,
    BUCKET,
    START,
    distributed_map,
    item_reader,
)
from tests.support.local_aws.state_machines import Machines

PASS = {"Pass": {"Type": "Pass", "End": True}}


def items_of(
    machines: Machines, body: str, *, configuration: Mapping[str, Any], **fields: Any
) -> Sequence[Any]:
    """Return the items that the children of a map over this object receive."""
    machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body.encode())
    states = distributed_map(PASS, ItemReader=item_reader("in/items", **configuration), **fields)
    ended = machines.execute(machines.create("machine", states, allow=ALL_PERMISSIONS))
    assert ended["status"] == "SUCCEEDED", ended
    outputs: Sequence[Any] = json.loads(ended["output"])
    return outputs


@pytest.mark.parametrize(
    ("body", "configuration", "expected"),
    [
        pytest.param('[{"a": 1}, "b"]', {"InputType": "JSON"}, [{"a": 1}, "b"], id="JSON"),
        pytest.param(
            'name,conf.x\nacme,"1,5"\nzoë,Zo\\u00eb,3\n\n',
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [
                {"name": "acme", "conf.x": "1,5"},
                {"name": "zoë", "conf.x": "Zou00eb"},
                {"name": "", "conf.x": ""},
            ],
            id="CSV",
        ),
    ],
)
def test_an_item_selector_can_use_item_index_and_input(
    machines: Machines,
    bucket: None,
    body: str,
    configuration: Mapping[str, Any],
    expected: Sequence[Any],
) -> None:
    machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body.encode())
    selector = {
        "index": "{% $states.context.Map.Item.Index %}",
        "item": "{% $states.context.Map.Item.Value %}",
        "of": "{% $states.context.Execution.Id %}",
        "name": "{% $states.input.name %}",
    }
    states = distributed_map(
        {"Pass": {"Type": "Pass", "End": True}},
        ItemReader=item_reader("in/items", **configuration),
        ItemSelector=selector,
    )
    machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

    ended = machines.execute(machine, {"name": "batch"})

    assert json.loads(ended["output"]) == [
        {"index": index, "item": item, "of": ended["executionArn"], "name": "batch"}
        for index, item in enumerate(expected)
    ]


@pytest.mark.parametrize(
    ("body", "allow", "cause"),
    [
        pytest.param(None, ALL_PERMISSIONS, "key does not exist", id="no object"),
        pytest.param("[", ALL_PERMISSIONS, "Expecting value", id="invalid JSON"),
        pytest.param('"a"', ALL_PERMISSIONS, "non-iterable", id="no list"),
        pytest.param("[]", (START,), "s3:GetObject", id="no permission"),
    ],
)
def test_the_execution_fails_if_the_items_cannot_be_read(
    machines: Machines, bucket: None, body: str | None, allow: Any, cause: str
) -> None:
    if body:
        machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=body.encode())
    states = distributed_map(ItemReader=item_reader("in/items", InputType="JSON"))

    ended = machines.execute(machines.create("machine", states, allow=allow))

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert cause in ended["cause"]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        pytest.param(r"Zo\u00eb,2", ["Zou00eb", "2"], id="a backslash before a character"),
        pytest.param(r'"{""a"": ""Zo\u00eb""}",2', ['{"a": "Zou00eb"}', "2"], id="in quotes"),
        pytest.param(r"C:\\Files,2", ["C:\\Files", "2"], id="a repeated backslash"),
        pytest.param(r'"{""a"": ""\\""""}",2', ['{"a": "\\""}', "2"], id="repeated, in quotes"),
        pytest.param(r"1\,5,2", ["1,5", "2"], id="a backslash before the delimiter"),
        pytest.param(r"\"a\",2", ['"a"', "2"], id="backslashes before quotes"),
        pytest.param('"1,5\n6",2', ["1,5\n6", "2"], id="quotes around delimiters"),
        pytest.param('"a""b",""', ['a"b', ""], id="repeated quotes"),
        pytest.param('{""a"":""b""},2', ['{"a":"b"}', "2"], id="repeated, in no quotes"),
        pytest.param('5" pipe,2', ['5" pipe', "2"], id="a quote within a field"),
        pytest.param(",", ["", ""], id="empty fields"),
        pytest.param("", [""], id="a blank line"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_csv_row_is_parsed_like_on_aws(line: str, fields: Sequence[str], newline: str) -> None:
    body = newline.join(["a,b", line, "last,row", ""])

    assert list(parse_records(StringIO(body, newline=""))) == [["a", "b"], fields, ["last", "row"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {}, [{"Key": "a", "Value": [1]}, {"Key": "b", "Value": "c"}], id="without a selector"
        ),
        pytest.param(
            {"ItemSelector": {"item": "{% $states.context.Map.Item %}"}},
            [
                {"item": {"Index": 0, "Key": "a", "Value": [1]}},
                {"item": {"Index": 1, "Key": "b", "Value": "c"}},
            ],
            id="with a selector",
        ),
    ],
)
def test_the_items_of_a_json_object_are_its_fields(
    machines: Machines, bucket: None, fields: Mapping[str, Any], expected: Sequence[Any]
) -> None:
    body = '{"a": [1], "b": "c"}'

    assert items_of(machines, body, configuration={"InputType": "JSON"}, **fields) == expected


@pytest.mark.parametrize(
    ("body", "configuration"),
    [
        pytest.param("[]", {"InputType": "JSON"}, id="a list"),
        pytest.param(
            "a,b\n", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, id="a header alone"
        ),
    ],
)
def test_an_object_without_items_has_no_children(
    machines: Machines, bucket: None, body: str, configuration: Mapping[str, Any]
) -> None:
    assert items_of(machines, body, configuration=configuration) == []


def test_the_execution_fails_if_two_columns_have_the_same_name(
    machines: Machines, bucket: None
) -> None:
    machines.account.s3.put_object(Bucket=BUCKET, Key="in/items", Body=b"a,a\n1,2\n")
    reader = item_reader("in/items", InputType="CSV", CSVHeaderLocation="FIRST_ROW")

    ended = machines.execute(
        machines.create("machine", distributed_map(PASS, ItemReader=reader), allow=ALL_PERMISSIONS)
    )

    # Recorded on AWS by localstack/localstack, `test_map_item_reader_csv_headers_decl_duplicate_headers`.
    assert (ended["error"], ended["cause"]) == (
        "States.ItemReaderFailed",
        "CSV headers cannot contain duplicates.",
    )
