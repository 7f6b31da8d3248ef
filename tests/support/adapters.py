"""The transports, for tests that go through all of them."""

from __future__ import annotations

from tests.support.adapter import Adapter
from tests.support.cli_adapter import CliAdapter
from tests.support.rest_adapter import RestAdapter

ADAPTERS: dict[str, type[Adapter]] = {"cli": CliAdapter, "rest": RestAdapter}
