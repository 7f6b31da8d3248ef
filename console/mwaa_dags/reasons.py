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
# Whitespace, also as an escape sequence of JSON.
_SPACE = r"(?:\s|\\[nrt])+"
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


def parse_reason(
    error: str | None, cause: str | None, event: Mapping[str, Any] | None = None
) -> Reason:
    """Return the reason in the error and the cause that Step Functions reports.

    The messages of the function contain no value of the conf. All other messages are printed without these values.

    Parameters
    ----------
    event
        The input of the execution.
    """
    error, cause = error or "unknown", cause or ""
    details = _load(cause)
    if "ExecutionArn" in details:
        # `startExecution.sync:2` reports the description of the execution that it started.
        nested = parse_reason(
            details.get("Error") or details.get("Status"), details.get("Cause"), event
        )
        return replace(nested, execution_arn=str(details["ExecutionArn"]))
    if "errorMessage" in details:
        message = _REQUEST_ID.sub("", str(details["errorMessage"]))
    else:
        message = _QUOTED_INPUT.sub("…", cause)
    tail = _TAIL.search(message)
    message = message[: tail.start()] if tail else message
    if event and error not in _FUNCTION_ERRORS:
        message = hide_conf(message, event.get("mwaa_dag_conf"))
    return Reason(error=error, message=_shorten(message), run_id=tail["run_id"] if tail else None)


def hide_conf(text: str, conf: object) -> str:
    """Replace the strings and numbers of a conf, except the shortest, in a text."""
    for value in sorted(set(_values(conf)), key=len, reverse=True):
        words = _SPACE.join(map(re.escape, value.split()))
        text = re.sub(rf"(?<!\w){words}(?!\w)", "…", text)
    return text


def _values(conf: object) -> Iterator[str]:
    match conf:
        case Mapping():
            for value in conf.values():
                yield from _values(value)
        case list():
            for value in conf:
                yield from _values(value)
        case str() if len(conf.strip()) >= 3:
            yield conf
            # The function also accepts a conf that is a string.
            yield from _values(_load(conf))
        case int() | float() if len(str(conf)) >= 4:
            yield str(conf)


def _load(text: str) -> Mapping[str, Any]:
    try:
        details = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"
