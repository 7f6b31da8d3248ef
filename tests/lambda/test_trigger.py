"""What decides about a run, whatever the transport."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.trigger import same_conf


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
    assert same_conf(one, other) is same


def test_every_error_says_whether_trying_again_may_help() -> None:
    transient = {error.__name__ for error in TriggerError.__subclasses__() if error.transient}
    permanent = {error.__name__ for error in TriggerError.__subclasses__() if not error.transient}
    assert transient == {"EnvironmentNotReady", "MwaaBusy", "MwaaUnavailable", "OutcomeUnknown"}
    assert permanent == {
        "InvalidRequest",
        "EnvironmentNotFound",
        "DagNotAllowed",
        "DagNotFound",
        "DagRunNotFound",
        "DagRunFailed",
        "DagRunTimedOut",
        "RunIdConflict",
        "AccessDenied",
        "CommandRejected",
    }
