"""Fixtures of the tests that start a local AWS without MWAA."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import SOURCE_ACCOUNT, TARGET_ACCOUNT
from tests.support.local_aws.state_machines import Machines


@pytest.fixture
def aws() -> Iterator[AwsServer]:
    """A local AWS without any MWAA."""
    with AwsServer() as aws:
        yield aws


@pytest.fixture
def source(aws: AwsServer) -> Account:
    """The source account."""
    return Account(aws.url, SOURCE_ACCOUNT)


@pytest.fixture
def target(aws: AwsServer) -> Account:
    """The target account."""
    return Account(aws.url, TARGET_ACCOUNT)


@pytest.fixture
def machines(source: Account) -> Machines:
    """The state machines of the source account. None exists yet."""
    return Machines(source)
