"""The adapters of all transports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest

from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR, RELEASES
from tests.support.transports.adapter import Adapter
from tests.support.transports.cli_adapter import CliAdapter
from tests.support.transports.rest_adapter import RestAdapter

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

ADAPTERS: dict[str, type[Adapter]] = {"cli": CliAdapter, "rest": RestAdapter}


def adapter_parameters(versions: Iterable[str]) -> list[ParameterSet]:
    """Return the parameters of the fixture `adapter`: each transport to each of these versions."""
    return [
        pytest.param((adapter, version), id=f"{adapter.transport} {version}")
        for adapter in ADAPTERS.values()
        for version in versions
    ]


NEWEST = adapter_parameters(NEWEST_OF_EACH_MAJOR)
every_version = pytest.mark.parametrize("adapter", adapter_parameters(RELEASES), indirect=True)
"""For tests of how the function reads the recorded responses of each version."""
