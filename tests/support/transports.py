"""The transports, for tests that go through all of them."""

from __future__ import annotations

from collections.abc import Callable

from mwaa_dags_trigger.cli import CliTransport
from mwaa_dags_trigger.environment import Environments
from mwaa_dags_trigger.rest import RestTransport
from mwaa_dags_trigger.transport import Transport

from tests.support.clock import Clock
from tests.support.mwaa import FakeMwaa, Patient


def cli(environments: Environments, mwaa: FakeMwaa, clock: Clock) -> CliTransport:
    transport = CliTransport(environments, clock)
    transport.session.mount("https://", Patient(mwaa, clock))
    return transport


def rest(environments: Environments, _mwaa: FakeMwaa, _clock: Clock) -> RestTransport:
    return RestTransport(environments)


TRANSPORTS: dict[str, Callable[[Environments, FakeMwaa, Clock], Transport]] = {
    "cli": cli,
    "rest": rest,
}
"""What makes each transport, by its name: one that waits by the clock."""
