"""Items that a distributed map reads from an object in S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_output_transformer import (
    transformer_csv,
    transformer_json,
)

# The escape sequences, and a quotation mark inside a quoted field.
_ESCAPED = ("\\\\", '\\"', "\\,")
_REPEATED = '""'


class Entry(dict[str, Any]):
    """`Key` and `Value` of a field of a JSON object. `ItemSelector` can select one of them."""


@contextmanager
def patch_map_items() -> Iterator[None]:
    """Read the items of JSON objects, and CSV files with backslashes.

    moto: rejects a JSON object, and reads CSV files with Python's `csv`, which does not treat the backslash as an
    escape character.
    AWS: iterates over the fields of a JSON object, and treats `\\\\`, `\\"` and `\\,` in CSV files as escape sequences.
    Sources: "ItemReader (Map)" and "How Step Functions parses input CSV files" in the AWS Step Functions Developer
    Guide.
    Patch: replaces the parsers. AWS does not document the result of a blank line, which is a row of empty fields here,
    or of a byte order mark, which is kept.
    Limits: no `CSVDelimiter`, no `ItemsPointer`.
    """
    with ExitStack() as stack:
        for module, name, replacement in (
            (transformer_csv, "csv", SimpleNamespace(reader=parse_records)),
            (transformer_json, "json", SimpleNamespace(loads=_parse_items)),
        ):
            stack.enter_context(patch.object(module, name, replacement))
        yield


def create_item_context(index: int, item: Any) -> dict[str, Any]:
    """Return the value of `Map.Item` in the context object."""
    if isinstance(item, Entry):
        return {"Index": index, **item}
    return {"Index": index, "Value": item}


def parse_records(file: StringIO) -> Iterator[list[str]]:
    """Yield the fields of each row of a CSV file."""
    text = file.read()
    record: list[str] = []
    field, quoted, position = "", False, 0
    while position < len(text):
        character, pair = text[position], text[position : position + 2]
        position += 1
        if pair in _ESCAPED or (pair == _REPEATED and (quoted or field)):
            field += pair[1]
            position += 1
        elif character == '"' and (quoted or not field):
            quoted = not quoted
        elif quoted or character not in ",\n":
            field += character.removeprefix("\\")
        else:
            record.append(field.removesuffix("\r") if character == "\n" else field)
            field = ""
            if character == "\n":
                yield record
                record = []
    if field or record:
        yield [*record, field]


def _parse_items(text: str) -> Any:
    items = json.loads(text)
    if isinstance(items, dict):
        return [Entry(Key=key, Value=value) for key, value in items.items()]
    return items
