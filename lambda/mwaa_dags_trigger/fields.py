"""Checks of the fields of an event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from mwaa_dags_trigger.errors import InvalidRequest

MAX_CONF_BYTES = 256 * 1024
"""The largest payload that Step Functions passes between states (AWS: "Step Functions service quotas")."""
MAX_CONF_DEPTH = 200
"""Levels of objects and lists. At more than a thousand, libraries exceed Python's limit of recursion."""
MAX_ID_LENGTH = 250
MAX_SHOWN = 80
"""The length of a text that somebody else wrote, in a message."""

# The MWAA API's own pattern (AWS: "Amazon MWAA API Reference, CreateCliToken").
_ENV_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z_-]{0,79}")
_DAG_ID = re.compile(r"[\w.-]+")
# Airflow's default for [scheduler] allowed_run_id_pattern.
_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")


def parse_env_name(event: Mapping[str, Any]) -> str:
    """Return the name of the MWAA environment."""
    value = event.get("mwaa_env_name")
    if not isinstance(value, str) or not _ENV_NAME.fullmatch(value):
        expected = "be the name of an MWAA environment: a letter, then up to 79 of A-Z a-z 0-9 _ -"
        reject("mwaa_env_name", expected, value)
    return value


def parse_dag_id(event: Mapping[str, Any]) -> str:
    """Return the DAG id."""
    value = event.get("mwaa_dag_name")
    if not isinstance(value, str) or not _is_id(_DAG_ID, value):
        expected = (
            "be a DAG id: 1 to 250 letters, digits, _ . -, not only dots and no - at the start"
        )
        reject("mwaa_dag_name", expected, value)
    return value


def parse_run_id(name: str, value: object) -> str:
    """Return the run id in the field `name`."""
    if not isinstance(value, str) or not _is_id(_RUN_ID, value):
        expected = (
            "be a run id: 1 to 250 of A-Z a-z 0-9 _ . ~ : + -, not only dots and no - at the start"
        )
        reject(name, expected, value)
    return value


def parse_conf(value: object) -> dict[str, Any]:
    """Return the conf, which is given as an object or as a string."""
    if value is None:
        return {}
    try:
        conf = json.loads(value) if isinstance(value, str) else value
        # JSON has no NaN and no Infinity.
        text = json.dumps(conf, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        conf = None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(conf, dict):
        raise InvalidRequest("mwaa_dag_conf must be a JSON object, or a string with a JSON object.")
    # JSON allows half a surrogate pair, which UTF-8 cannot encode.
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CONF_BYTES:
        raise InvalidRequest(
            f"mwaa_dag_conf must be at most {MAX_CONF_BYTES} bytes of JSON, but it has {size}. Put the "
            "data into S3 and pass its URI."
        )
    if _is_too_deep(conf):
        raise _too_deep()
    return conf


def _is_too_deep(conf: dict[str, Any]) -> bool:
    level: list[Any] = [conf]
    for _ in range(MAX_CONF_DEPTH):
        values = [v for each in level for v in (each.values() if isinstance(each, dict) else each)]
        level = [value for value in values if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def _too_deep() -> InvalidRequest:
    return InvalidRequest(
        f"mwaa_dag_conf must have at most {MAX_CONF_DEPTH} levels of objects and lists."
    )


def parse_time(event: Mapping[str, Any], name: str) -> datetime:
    """Return a time with its offset from UTC."""
    value = event.get(name)
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        reject(name, "be a time such as 2026-01-31T10:00:00Z", value)
    return time


def parse_integer(event: Mapping[str, Any], name: str, *, least: int) -> int:
    """Return an integer that is not below `least`."""
    value = event.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        reject(name, f"be an integer of at least {least}", value)
    return value


def reject(name: str, expected: str, value: object) -> NoReturn:
    """Raise the error for a field with a wrong value."""
    given = "missing" if value is None else describe(value)
    raise InvalidRequest(f"{name} must {expected}, but it is {given}.")


def describe(value: object) -> str:
    """Return a short string in full, but only the type of any other value, which may be a conf."""
    if isinstance(value, str):
        return f"'{escape(value)}'"
    return f"a value of type {type(value).__name__}"


def find_closest(name: str, known: Iterable[str], *, cutoff: float) -> str | None:
    """Return the known name that resembles the name most, or None."""
    import difflib  # noqa: PLC0415 (only mistakes need it, and each cold start would load it)

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=cutoff)), None)


def escape(text: str) -> str:
    """Return a short text without line breaks and other control characters."""
    escaped = repr(text)[1:-1]
    return escaped if len(escaped) <= MAX_SHOWN else f"{escaped[:MAX_SHOWN]}…"


def _is_id(pattern: re.Pattern[str], value: str) -> bool:
    matches = pattern.fullmatch(value) is not None and len(value) <= MAX_ID_LENGTH
    # In the path of a REST call, dots alone would name another directory.
    return matches and not value.startswith("-") and value.strip(".") != ""
