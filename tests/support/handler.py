"""The handler of the function, for tests without Lambda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mwaa_dags_trigger.allowed import Allowed
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.handler import handle as handle_event
from mwaa_dags_trigger.transports.base import DagRun, Transport

Send = Callable[[], DagRun]
Trigger = Callable[[], dict[str, Any]]

EVENT = {"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}


class Handle(Protocol):
    """Handles `EVENT` with these further fields."""

    def __call__(self, **event: object) -> dict[str, Any]: ...


EVERYTHING = Allowed()


def handler(transport: Transport, deadline: Deadline, *, allowed: Allowed = EVERYTHING) -> Handle:
    """Return a handler that uses this transport."""

    def handle(**event: object) -> dict[str, Any]:
        return handle_event({**EVENT, **event}, transport, deadline, allowed=allowed)

    return handle
