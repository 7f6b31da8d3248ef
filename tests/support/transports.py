"""The transports, for tests that go through all of them."""

from __future__ import annotations

from collections.abc import Callable

from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.environment import Environments
from mwaa_dags_trigger.rest import RestTransport
from mwaa_dags_trigger.transport import Transport

from tests.support.clock import Clock

TRANSPORTS: dict[str, Callable[[Environments, Clock], Transport]] = {
    "cli": CliTransport,
    "rest": lambda environments, _: RestTransport(environments),
}
"""What makes each transport, by its name."""
