"""The handler that Lambda calls, and what lives as long as its container."""

from __future__ import annotations

from mwaa_dags_trigger import start

# isort: split
import os
from typing import Any, Protocol

from mwaa_dags_trigger import logs
from mwaa_dags_trigger.allowed_dags import read_allowed_dags
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.environment import Environments, mwaa_client
from mwaa_dags_trigger.handler import handle
from mwaa_dags_trigger.transport import Transport


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the invocation ends."""
        ...


def lambda_handler(event: object, context: Context) -> dict[str, Any]:
    """Have one DAG run made, or return how far one is; see `mwaa_dags_trigger.handler.handle`."""
    deadline = Deadline(time_left=lambda: context.get_remaining_time_in_millis() / 1000)
    return handle(event, TRANSPORT, deadline, allowed_dags=ALLOWED_DAGS)


def _transport(name: str) -> Transport:
    """Return the transport of this name; only one is imported, because each takes its time."""
    environments = Environments(mwaa_client())
    match name:
        case "cli":
            from mwaa_dags_trigger.cli import CliTransport  # noqa: PLC0415

            return CliTransport(environments)
        case "rest":
            from mwaa_dags_trigger.rest import RestTransport  # noqa: PLC0415

            return RestTransport(environments)
    raise RuntimeError(
        f"The function's environment variable TRANSPORT must be 'cli' or 'rest', not {name!r}."
    )


logs.add_execution_arn()
ALLOWED_DAGS = read_allowed_dags(os.environ.get("ALLOWED_DAGS"))
# Made while the container starts, when Lambda gives the most CPU; connections and tokens are kept.
TRANSPORT = _transport(os.environ.get("TRANSPORT", "cli"))
start.done()
