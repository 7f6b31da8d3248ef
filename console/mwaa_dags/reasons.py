"""Why an execution failed, without stack traces, conf values and repeated ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mwaa_dags_trigger.errors import TriggerError

_TAIL = re.compile(r" \((?:execution \S+?)?(?:, )?(?:run id (?P<run_id>\S+?))?\)$")
_REQUEST_ID = re.compile(r"RequestId: [0-9a-f-]+ (?:Error: )?")
# Step Functions quotes the input of a state in some causes.
_QUOTED_INPUT = re.compile(r"[\[{].*", re.DOTALL)
_MAX_LENGTH = 600
_FUNCTION_ERRORS = {kind.__name__ for kind in TriggerError.__subclasses__()}


@dataclass(frozen=True, kw_only=True)
class Reason:
    """An error and its message.

    Parameters
    ----------
    run_id
        The run id in the message, if any.
    execution_arn
        The execution of a batch's item that failed, if any.
    """

    error: str
    message: str
    run_id: str | None = None
    execution_arn: str | None = None


def parse_reason(error: str | None, cause: str | None) -> Reason:
    """Return the reason in the error and the cause that Step Functions reports."""
    error, cause = error or "unknown", cause or ""
    details = _load(cause)
    if "ExecutionArn" in details:
        # `startExecution.sync:2` reports the description of the execution that it started.
        nested = parse_reason(details.get("Error") or details.get("Status"), details.get("Cause"))
        return Reason(
            error=nested.error,
            message=nested.message,
            run_id=nested.run_id,
            execution_arn=str(details["ExecutionArn"]),
        )
    if "errorMessage" in details:
        message = _REQUEST_ID.sub("", str(details["errorMessage"]))
    else:
        message = _QUOTED_INPUT.sub("…", cause)
    tail = _TAIL.search(message)
    return Reason(
        error=error,
        message=_shorten(message[: tail.start()] if tail else message),
        run_id=tail["run_id"] if tail else None,
    )


def without_conf(reason: Reason, event: Mapping[str, Any]) -> Reason:
    """Hide the values of the conf in a message, unless it is a message of the function, which contains none.

    Parameters
    ----------
    event
        The input of the execution.
    """
    if reason.error in _FUNCTION_ERRORS:
        return reason
    return replace(reason, message=hide_conf(reason.message, event.get("mwaa_dag_conf")))


def hide_conf(text: str, conf: object) -> str:
    """Replace the strings and numbers of a conf, except the shortest, in a text."""
    for value in sorted(set(_values(conf)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text)
    return text


def _values(conf: object) -> Iterator[str]:
    match conf:
        case Mapping():
            for value in conf.values():
                yield from _values(value)
        case list():
            for value in conf:
                yield from _values(value)
        case str() if len(conf) >= 3:
            yield conf
        case int() | float() if len(str(conf)) >= 4:
            yield str(conf)


def _load(cause: str) -> Mapping[str, Any]:
    try:
        details = json.loads(cause)
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"
