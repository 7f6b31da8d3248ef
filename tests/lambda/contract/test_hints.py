"""Every transport: one hint for each reason why Airflow refuses a trigger."""

from __future__ import annotations

import pytest
from mwaa_dags_trigger.errors import CommandRejected
from mwaa_dags_trigger.transports.failures import HIDDEN_MESSAGE_HINT

from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Trigger
from tests.support.transports.adapter import RUN_ID, Adapter

HINTS = {
    "Invalid input for param number: 'x' is not of type 'integer'": "params of the DAG",
    f"The provided run ID '{RUN_ID}' is invalid. It does not match either the configured pattern: "
    "'^team_.+$' or the built-in pattern: '^x$'": "allowed_run_id_pattern",
    f"The run_id provided '{RUN_ID}' does not match the pattern '^team_.+$' or '^x$'": (
        "allowed_run_id_pattern"
    ),
    f"The run_id provided '{RUN_ID}' does not match regex pattern '^team_.+$' or '^x$'": (
        "allowed_run_id_pattern"
    ),
    "Dag with dag_id: 'demo' does not allow manual runs": "allowed_run_types",
    "DAG with dag_id: 'demo' has import errors": "import errors",
    "Dag with dag_id: 'demo' has import errors and cannot be triggered": "import errors",
}
UNKNOWN = [
    "Logical date [2026-01-01] should be >= start_date [2027-01-01] from Dag's default_args",
    "The run_id provided 'other' does not match regex pattern '^team_.+$'",
    "the cat sat on the mat",
]


@pytest.mark.parametrize("message", HINTS)
def test_a_known_cause_has_its_own_hint(
    message: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected_with(message), *adapter.absent())
    with pytest.raises(CommandRejected) as caught:
        trigger()
    shown = [hint for hint in set(HINTS.values()) if hint in str(caught.value)]
    assert shown == [HINTS[message]]


@pytest.mark.parametrize("message", UNKNOWN)
def test_an_unknown_cause_has_no_guess(
    message: str, adapter: Adapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*adapter.rejected_with(message), *adapter.absent())
    with pytest.raises(CommandRejected) as caught:
        trigger()
    assert HIDDEN_MESSAGE_HINT in str(caught.value)
    assert not [hint for hint in set(HINTS.values()) if hint in str(caught.value)]
