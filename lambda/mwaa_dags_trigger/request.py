"""Reading an event: what is wanted, and the run id that it always has."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn

from mwaa_dags_trigger.errors import InvalidRequest

MAX_CONF_BYTES = 256 * 1024
"""What Step Functions passes from state to state (AWS: "Step Functions service quotas")."""

MAX_ID = 250
MAX_KEY = 2048
"""Room for bucket, key (up to 1024 bytes) and version of an S3 object."""
WISHES = ("mwaa_env_name", "mwaa_dag_name", "mwaa_dag_conf", "run_id", "idempotency_key")
"""The fields of an execution's input."""
_BY_THE_STATE = ("execution_arn", "state_name", "redrive_count", "retry_count")
"""What the state machine adds, with `input_fields`: the names of all fields of the input."""
_FIELDS = {
    "trigger": ("action", *WISHES, *_BY_THE_STATE, "input_fields"),
    "status": ("action", "mwaa_env_name", "mwaa_dag_name", "dag_run_id"),
    "check": (
        *("action", "mwaa_env_name", "mwaa_dag_name", "dag_run_id", "execution_arn"),
        *("triggered_at", "redriven_at", "checked_at", "timeout_seconds"),
    ),
}

# The MWAA API's own pattern (AWS: "Amazon MWAA API Reference, CreateCliToken").
_ENV_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z_-]{0,79}")
_DAG_ID = re.compile(r"[\w.-]+")
# Airflow's default for [scheduler] allowed_run_id_pattern.
_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")
# Of the run ids that Airflow gives itself, up to 3.3.1.
_RESERVED = re.compile(
    r"(asset_materialization|(asset|dataset|operator)_triggered|backfill|scheduled)__"
)


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """Which DAG run; its names are checked against the patterns of MWAA and Airflow."""

    mwaa_env_name: str
    mwaa_dag_name: str
    dag_run_id: str


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """One DAG run that somebody wants.

    Parameters
    ----------
    run
        Which.
    conf
        Its conf, a JSON object.
    asked_before
        Whether this execution has asked before, with an outcome that is not known here.
    """

    run: RunKey
    conf: Mapping[str, Any] = field(repr=False)
    asked_before: bool


@dataclass(frozen=True, kw_only=True)
class Check:
    """A DAG run whose end an execution waits for.

    Parameters
    ----------
    run
        Which.
    waited_seconds
        For how long, since the trigger or the last redrive.
    timeout_seconds
        For how long at most.
    """

    run: RunKey
    waited_seconds: float
    timeout_seconds: int


def parse(event: object) -> Trigger | Check | RunKey:
    """Read an event.

    Parameters
    ----------
    event
        `mwaa_env_name`, `mwaa_dag_name`, and optionally `mwaa_dag_conf`, `run_id` or
        `idempotency_key`, `action`, and what the state machine adds: `execution_arn`, `state_name`,
        `redrive_count`, `retry_count`, `input_fields`. With the actions `status` and `check`,
        `dag_run_id` says which run; with `check` there are also `triggered_at`, `redriven_at` after
        a redrive, `checked_at` and `timeout_seconds`. A null is the same as an absent field.

    Returns
    -------
    Trigger, Check or RunKey
        The DAG run that is wanted, the one that is waited for, or the one whose state is asked for.

    Raises
    ------
    InvalidRequest
        With the field and what was expected of it.
    """
    if not isinstance(event, dict):
        raise InvalidRequest(f"The event must be a JSON object, not {_shown(event)}.")
    action = event.get("action")
    action = "trigger" if action is None else action
    if not isinstance(action, str) or action not in _FIELDS:
        _refuse("action", "be 'trigger', 'status', 'check' or absent", action)
    _refuse_unknown_fields(event, _FIELDS[action])
    _refuse_batch(event)
    env_name, dag_id = _env_name(event.get("mwaa_env_name")), _dag_id(event.get("mwaa_dag_name"))
    if action != "trigger":
        run_id = _run_id("dag_run_id", event.get("dag_run_id"))
        run = RunKey(mwaa_env_name=env_name, mwaa_dag_name=dag_id, dag_run_id=run_id)
        return run if action == "status" else _check(run, event)
    _refuse_misspelt_fields(event.get("input_fields"))
    return Trigger(
        run=RunKey(mwaa_env_name=env_name, mwaa_dag_name=dag_id, dag_run_id=_own_run_id(event)),
        conf=_conf(event.get("mwaa_dag_conf")),
        asked_before=_count(event, "retry_count") + _count(event, "redrive_count") > 0,
    )


def execution_arn(event: object) -> str | None:
    """Return the event's execution ARN if it has a usable one, for logs and messages."""
    value = event.get("execution_arn") if isinstance(event, dict) else None
    return value if isinstance(value, str) and _is_arn(value) else None


def derive_run_id(label: str, *identity: str | None) -> str:
    """Derive a run id from what identifies a request, and from nothing else.

    It reads `sfn__LABEL_DIGEST`: at most 8 characters of the label, and 80 bits of SHA-256 over the
    identity. Among a million runs of one DAG the chance that any two share a run id is about 4 in
    10^13. It has at most 30 characters: with a DAG id of up to 19 it fits into the 64 of a path of
    MWAA's REST API.
    """
    digest = hashlib.sha256(json.dumps(identity).encode()).digest()[:10]
    readable = re.sub(r"[^A-Za-z0-9-]", "-", label[:8])
    return f"sfn__{readable}_{base64.b32encode(digest).decode().lower()}"


def _own_run_id(event: Mapping[str, Any]) -> str:
    """Return the run id of the request: an execution's is the same for its whole life."""
    arn, state = event.get("execution_arn"), event.get("state_name")
    run_id, key = event.get("run_id"), event.get("idempotency_key")
    # All are checked even where only one is used: a wrong type is a mistake in the state machine.
    if arn is not None and execution_arn(event) is None:
        _refuse("execution_arn", "be the ARN of an execution", arn)
    if state is not None and not isinstance(state, str):
        _refuse("state_name", "be the name of a state", state)
    if run_id is not None and key is not None:
        raise InvalidRequest("Give run_id or idempotency_key, not both: each says which run it is.")
    if run_id is not None:
        _run_id("run_id", run_id)
        if _RESERVED.match(run_id):
            _refuse("run_id", "not begin with a prefix that Airflow keeps for its own runs", run_id)
        return str(run_id)
    if key is not None:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY:
            _refuse("idempotency_key", f"be a string of 1 to {MAX_KEY} characters", key)
        return derive_run_id("key", "idempotency_key", key)
    if arn is not None:
        return derive_run_id(arn.rsplit(":", 1)[-1], arn, state)
    if any(event.get(name) is not None for name in _BY_THE_STATE):
        # Chance would make each retry of such a request a run of its own.
        _refuse("execution_arn", "be given with state_name, redrive_count and retry_count", None)
    return derive_run_id("by-hand", os.urandom(16).hex())


def _check(run: RunKey, event: Mapping[str, Any]) -> Check:
    began = _time(event, "triggered_at")
    if event.get("redriven_at") is not None:
        # A redrive may also be what has the DAG run triggered.
        began = max(began, _time(event, "redriven_at"))
    return Check(
        run=run,
        waited_seconds=(_time(event, "checked_at") - began).total_seconds(),
        timeout_seconds=_integer("timeout_seconds", event.get("timeout_seconds"), least=1),
    )


def _time(event: Mapping[str, Any], name: str) -> datetime:
    value = event.get(name)
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        _refuse(name, "be a time such as 2026-01-31T10:00:00Z", value)
    return time


def _refuse_unknown_fields(event: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in event:
        if name not in known:
            meant = _closest(name, known, cutoff=0.6)
            hint = f" Was {meant} meant?" if meant else f" Known are {', '.join(known)}."
            raise InvalidRequest(f"The event has an unknown field, {_shown(name)}.{hint}")


def _refuse_batch(event: Mapping[str, Any]) -> None:
    """Refuse the input of a batch that was sent to the state machine of one onboarding."""
    names = event.get("input_fields")
    if event.get("mwaa_env_name") is not None or not isinstance(names, list):
        return
    if "dag_runs" in names or {"bucket", "key"} <= set(map(str, names)):
        raise InvalidRequest(
            "The execution's input is a batch: start an execution of the batch state machine with it, "
            "whose name ends in -batch. Here each execution is one onboarding."
        )


def _refuse_misspelt_fields(names: object) -> None:
    """Refuse names of the execution's input that were probably meant for the trigger.

    All else is the business of other states.
    """
    if names is not None and not isinstance(names, list):
        _refuse("input_fields", "be the list of the input's field names", names)
    for name in names or []:
        meant = _closest(str(name).lower(), WISHES, cutoff=0.75)
        if name not in WISHES and (meant or str(name).lower().startswith("mwaa_")):
            raise InvalidRequest(
                f"The execution's input has a field {_shown(name)}, which starts nothing. "
                f"Was {meant or ' or '.join(WISHES[:3])} meant?"
            )


def _closest(name: object, known: Iterable[str], *, cutoff: float) -> str | None:
    import difflib  # noqa: PLC0415 (only a mistake needs it, and a start-up would pay for it)

    return next(iter(difflib.get_close_matches(str(name), known, n=1, cutoff=cutoff)), None)


def _env_name(value: object) -> str:
    expected = "be the name of an MWAA environment: 1 to 80 of A-Z a-z 0-9 _ -, a letter first"
    if not isinstance(value, str) or not _ENV_NAME.fullmatch(value):
        _refuse("mwaa_env_name", expected, value)
    return value


def _dag_id(value: object) -> str:
    expected = "be a DAG id: 1 to 250 letters, digits, _ . -, not begin with '-', nor be all dots"
    if not isinstance(value, str) or not _is_id(_DAG_ID, value):
        _refuse("mwaa_dag_name", expected, value)
    return value


def _run_id(name: str, value: object) -> str:
    expected = "be a DAG run id: 1 to 250 of A-Z a-z 0-9 _ . ~ : + -, and not begin with '-'"
    if not isinstance(value, str) or not _is_id(_RUN_ID, value):
        _refuse(name, expected, value)
    return value


def _conf(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    try:
        conf = json.loads(value) if isinstance(value, str) else value
        # NaN and Infinity are no JSON, whichever way they came.
        text = json.dumps(conf, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        conf = None
    if not isinstance(conf, dict):
        raise InvalidRequest("mwaa_dag_conf must be a JSON object, or a string that holds one.")
    # A lone surrogate is legal in JSON, but has no bytes in UTF-8.
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CONF_BYTES:
        raise InvalidRequest(
            f"mwaa_dag_conf must be at most {MAX_CONF_BYTES} bytes of JSON, not {size}: "
            "put the data into S3 and pass its URI."
        )
    return conf


def _count(event: Mapping[str, Any], name: str) -> int:
    value = event.get(name)
    return 0 if value is None else _integer(name, value, least=0)


def _integer(name: str, value: object, *, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        _refuse(name, f"be an integer from {least} up", value)
    return value


def _is_id(pattern: re.Pattern[str], value: str) -> bool:
    fits = pattern.fullmatch(value) is not None and len(value) <= MAX_ID
    # Dots alone would be steps in the path of a REST call.
    return fits and not value.startswith("-") and value.strip(".") != ""


def _is_arn(value: str) -> bool:
    return value.startswith("arn:") and len(value) <= 512 and not re.search(r"\s", value)


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    given = "it is absent" if value is None else f"not {_shown(value)}"
    raise InvalidRequest(f"{name} must {expected}; {given}.")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 80 else value[:80] + "…")
    return f"a value of type {type(value).__name__}"
