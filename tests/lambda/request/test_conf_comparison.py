"""The comparison of the conf of a request with the conf of an existing run."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.actions.trigger import is_same_conf


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="order of keys"),
        pytest.param({"a": 1}, {"a": 1.0}, True, id="1 and 1.0"),
        pytest.param({"a": 1e22}, {"a": 10**22}, True, id="exponent"),
        pytest.param({"a": 1}, {"a": True}, False, id="1 and true"),
        pytest.param({"a": 0}, {"a": None}, False, id="0 and null"),
        pytest.param({"a": 1}, {"a": "1"}, False, id="1 and '1'"),
        pytest.param({"a": [1, 2]}, {"a": [2, 1]}, False, id="order of items"),
        pytest.param({}, {"a": None}, False, id="absent and null"),
        pytest.param({"a": 0.1}, {"a": 0.10000000000000001}, True, id="same float"),
    ],
)
def test_confs_are_compared_as_json(
    one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    assert is_same_conf(one, other) is same
