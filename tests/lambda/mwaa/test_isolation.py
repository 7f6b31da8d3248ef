"""The tests' own MWAA, on the machine of a user who has proxies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.mwaa.environments import Environments

from tests.support.clock import Clock
from tests.support.fake_mwaa.server import FakeMwaa, Operation, client
from tests.support.isolation import isolate
from tests.support.transports.adapter import TRIGGER
from tests.support.transports.cli_adapter import CREATED, CliAdapter


@pytest.mark.parametrize("case", [str.lower, str.upper], ids=["lower case", "upper case"])
def test_it_is_reached_without_the_users_proxies(
    case: Callable[[str], str],
    mwaa: FakeMwaa,
    clock: Clock,
    deadline: Deadline,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(case(name), f"http://{mwaa.closed_address}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "example.com")
    isolate(monkeypatch, mwaa.ca_file)
    mwaa.begin(CREATED)
    made = client(mwaa, clock)
    CliAdapter.connect(Environments(made, clock), mwaa, clock).trigger(TRIGGER, deadline)
    made.close()
    assert mwaa.operations == [
        Operation.GET_ENVIRONMENT,
        Operation.CREATE_CLI_TOKEN,
        Operation.COMMAND,
    ]
