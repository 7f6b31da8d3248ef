"""Comparison of planned values with the expected values of a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def like(actual: Any, expected: Any) -> Any:
    """Return of `actual` only what `expected` names, so that pytest shows the difference.

    >>> like({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 0}})
    {'a': {'b': 1}}
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return {k: like(actual[k], v) for k, v in expected.items() if k in actual}
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        return [like(a, e) for a, e in zip(actual, expected, strict=True)]
    return actual
