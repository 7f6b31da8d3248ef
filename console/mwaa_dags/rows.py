"""The rows of a CSV file, as Step Functions and the batch state machine read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FIELD = re.compile(
    r'(?:"(?P<quoted>(?:[^"\\]|""|\\.?)*+)"?)?(?P<plain>(?:[^,\n\\]|\\.?)*+)(?P<end>,|\n|\Z)'
)
"""AWS: "How Step Functions parses input CSV files" in the AWS Step Functions Developer Guide."""
_ESCAPED = re.compile(r'\\(.?)|"(")')


def read_rows(text: str) -> tuple[Sequence[str], list[Mapping[str, Any]]]:
    """Return the names of the columns, and the item in each row. A row of empty cells has an empty item."""
    columns, *records = list(_parse_records(text)) or [[]]
    return columns, [convert_row(dict(zip(columns, cells, strict=False))) for cells in records]


def convert_row(row: Mapping[str, str]) -> Mapping[str, Any]:
    """Convert a row as the batch state machine does. A row whose conf is invalid keeps its cells."""
    cells = {name.removeprefix("\ufeff"): cell for name, cell in row.items() if cell}
    prefix = "conf."
    fields = {
        name.removeprefix(prefix): cell for name, cell in cells.items() if name.startswith(prefix)
    }
    try:
        conf = json.loads(cells.get("mwaa_dag_conf", "{}"))
    except (ValueError, RecursionError):
        return cells
    if not isinstance(conf, dict):
        return cells
    item: dict[str, Any] = {
        name: cell for name, cell in cells.items() if not name.startswith(prefix)
    }
    if fields or "mwaa_dag_conf" in cells:
        item["mwaa_dag_conf"] = {**conf, **fields}
    return item


def _parse_records(text: str) -> Iterator[list[str]]:
    record: list[str] = []
    for field in _FIELD.finditer(text):
        plain = field["plain"].removesuffix("\r") if field["end"] == "\n" else field["plain"]
        cell = _ESCAPED.sub(r"\1\2", field["quoted"] or "") + _ESCAPED.sub(r"\1\2", plain)
        if field["end"] or cell or record:
            record.append(cell)
        if field["end"] != "," and record:
            yield record
            record = []
