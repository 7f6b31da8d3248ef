"""The handler that Lambda calls, and the objects that live as long as its container."""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol

from mwaa_dags_trigger import logs
from mwaa_dags_trigger.allowed import parse_allowed
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import TriggerError
from mwaa_dags_trigger.handler import handle
from mwaa_dags_trigger.mwaa.client import create_mwaa_client
from mwaa_dags_trigger.mwaa.environments import Environments
from mwaa_dags_trigger.transports.base import Transport

TRACEBACK_LIMIT = 1000
"""Python's own limit, for the traceback of a bug."""


class Context(Protocol):
    """The part of Lambda's context object that the function uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until Lambda ends the invocation."""
        ...


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Handle an event; see `mwaa_dags_trigger.handler.handle`."""
    deadline = Deadline(time_left=lambda: context.get_remaining_time_in_millis() / 1000)
    sys.tracebacklimit = TRACEBACK_LIMIT
    try:
        return handle(event, TRANSPORT, deadline, allowed=ALLOWED)
    except TriggerError:
        # This is a result and not a crash. The runtime shows the traceback as `traceback` extracts it.
        sys.tracebacklimit = 0
        raise


def _create_transport(name: str) -> Transport:
    """Create a transport. Only its own module is imported, because each import takes time."""
    environments = Environments(create_mwaa_client())
    match name:
        case "cli":
            from mwaa_dags_trigger.transports.cli import CliTransport  # noqa: PLC0415

            return CliTransport(environments)
        case "rest":
            from mwaa_dags_trigger.transports.rest import RestTransport  # noqa: PLC0415

            return RestTransport(environments)
    raise RuntimeError(
        f"The function's environment variable TRANSPORT must be 'cli' or 'rest', not {name!r}."
    )


logs.add_request()
ALLOWED = parse_allowed(os.environ)
# Created while the container starts, when Lambda gives it the most CPU. It keeps connections and tokens.
TRANSPORT = _create_transport(os.environ.get("TRANSPORT", "cli"))
