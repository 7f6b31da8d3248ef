"""How a distributed map reads the items of an object in S3: moto knows no backslashes and no JSON objects."""

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

# What a backslash escapes, and a quotation mark that is repeated.
_ESCAPED = ("\\\\", '\\"', "\\,")
_REPEATED = '""'


class Entry(dict[str, Any]):
    """`Key` and `Value` of a field of a JSON object: the item, unless an `ItemSelector` chooses from them."""


@contextmanager
def patch_map_items() -> Iterator[None]:
    """Read JSON and CSV as AWS documents while the `with` lasts.

    AWS pages "ItemReader (Map)" and "How Step Functions parses input CSV files". AWS does not document what becomes
    of a blank line, which is a row of empty fields here, and of a byte order mark, which stays.
    Left out: `CSVDelimiter`, `ItemsPointer`.
    """
    with ExitStack() as stack:
        for module, name, replacement in (
            (transformer_csv, "csv", SimpleNamespace(reader=read_records)),
            (transformer_json, "json", SimpleNamespace(loads=_load_items)),
        ):
            stack.enter_context(patch.object(module, name, replacement))
        yield


def item_context(index: int, item: Any) -> dict[str, Any]:
    """Return `Map.Item` of the context object."""
    if isinstance(item, Entry):
        return {"Index": index, **item}
    return {"Index": index, "Value": item}


def read_records(file: StringIO) -> Iterator[list[str]]:
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


def _load_items(text: str) -> Any:
    items = json.loads(text)
    if isinstance(items, dict):
        return [Entry(Key=key, Value=value) for key, value in items.items()]
    return items
