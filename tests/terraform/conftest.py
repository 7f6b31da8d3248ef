"""A plan of several modules, and planned states that run without the functions that they invoke."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT
from tests.support.local_aws.state_machines import Machines
from tests.terraform.planner import Plan, Planner
from tests.terraform.root_variables import ROOT_VARIABLES

RunStates = Callable[[dict[str, Any], dict[str, Any]], Any]


@pytest.fixture(scope="session")
def guarded_plan(planner: Planner) -> Plan:
    """The root configuration over the CLI, with the options that an organization may require."""
    return planner.plan(**ROOT_VARIABLES["guarded"])


@pytest.fixture
def machines() -> Iterator[Machines]:
    """State machines in the source account of a local AWS."""
    with AwsServer() as aws:
        yield Machines(Account(aws.url, SOURCE_ACCOUNT))


@pytest.fixture
def run_states(machines: Machines) -> RunStates:
    """Runs a definition without tasks and returns the execution's output."""

    def run(definition: dict[str, Any], sent: dict[str, Any]) -> Any:
        machine = machines.create("machine", definition["States"])
        return json.loads(machines.execute(machine, sent)["output"])

    return run


def retried_errors(state: dict[str, Any]) -> list[str]:
    return list(chain.from_iterable(retrier["ErrorEquals"] for retrier in state["Retry"]))
