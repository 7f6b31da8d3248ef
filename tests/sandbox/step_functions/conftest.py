"""Fixtures of the tests of distributed maps."""

from __future__ import annotations

import pytest

from tests.sandbox.step_functions.distributed_maps import BUCKET
from tests.support.local_aws.state_machines import Machines


@pytest.fixture
def bucket(machines: Machines) -> None:
    """Create the bucket for the items and results of a distributed map."""
    machines.account.create_bucket(BUCKET)
