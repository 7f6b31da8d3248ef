"""A validated request, and the run id that it always has."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from mwaa_dags_trigger.errors import InvalidRequest

MAX_CONF_BYTES = 256 * 1024
"""What Step Functions passes from state to state (AWS: "Step Functions service quotas")."""

MAX_ID = 250
RESERVED_PREFIXES = ("scheduled__", "backfill__", "dataset_triggered__", "asset_triggered__")

# The MWAA API's own pattern (AWS: "Amazon MWAA API Reference, CreateCliToken").
_ENV_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z_-]{0,79}")
_DAG_ID = re.compile(r"[A-Za-z0-9_.-]+")
# Airflow's default for [scheduler] allowed_run_id_pattern.
_RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]+")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One DAG run that somebody wants, or whose state somebody asks for.

    Parameters
    ----------
    mwaa_env_name, mwaa_dag_name, dag_run_id
        Checked against the patterns of MWAA and Airflow.
    conf
        The DAG run's conf, a JSON object; empty where only the state is asked for.
    retried
        Whether the state machine has asked before, with an outcome that is not known here.
    """

    action: Literal["trigger", "status"] = "trigger"

    mwaa_env_name: str
    mwaa_dag_name: str
    dag_run_id: str
    conf: Mapping[str, Any] = field(repr=False, default_factory=dict)
    retried: bool = False


def parse(event: object) -> Request:
    """Read an event.

    Parameters
    ----------
    event
        `mwaa_env_name`, `mwaa_dag_name`, and optionally `mwaa_dag_conf`, `run_id`, `action`,
        `execution_arn`, `redrive_count`, `item_index`, `retry_count`. With the action `status` it
        is `dag_run_id` that says which run. A null is the same as an absent field, and other
        fields are ignored.

    Raises
    ------
    InvalidRequest
        With the field and what was expected of it.
    """
    if not isinstance(event, dict):
        raise InvalidRequest(f"The event must be a JSON object, not {_shown(event)}.")
    action = event.get("action")
    if action not in (None, "trigger", "status"):
        _refuse("action", "be 'trigger', 'status' or absent", action)
    env_name, dag_id = _env_name(event.get("mwaa_env_name")), _dag_id(event.get("mwaa_dag_name"))
    if action == "status":
        return Request(
            action="status",
            mwaa_env_name=env_name,
            mwaa_dag_name=dag_id,
            dag_run_id=_any_run_id("dag_run_id", event.get("dag_run_id")),
        )
    return Request(
        mwaa_env_name=env_name,
        mwaa_dag_name=dag_id,
        dag_run_id=_run_id(event),
        conf=_conf(event.get("mwaa_dag_conf")),
        retried=bool(_count(event, "retry_count")),
    )


def execution_arn(event: object) -> str | None:
    """Give the event's execution ARN if it has a usable one, for logs and messages."""
    value = event.get("execution_arn") if isinstance(event, dict) else None
    return value if isinstance(value, str) and _is_arn(value) else None


def derive_run_id(execution_arn: str, *, redrive_count: int, item_index: int | None) -> str:
    """Derive the run id of a request from what identifies it, and from nothing else.

    It reads `sfn__NAME_DIGEST`: the first 8 characters of the execution's name, and 80 bits of
    SHA-256 over the identity. Among a million runs of one DAG the chance that any two share a
    run id is about 4 in 10^13. It has at most 30 characters: with a DAG id of up to 19 it fits
    into the 64 of a path of MWAA's REST API.

    Parameters
    ----------
    execution_arn
        ARN of the Step Functions execution. A redrive keeps it.
    redrive_count
        How often the execution was redriven.
    item_index
        Index of the item inside a Map state, or None outside.
    """
    return _compose(execution_arn.rsplit(":", 1)[-1], [execution_arn, redrive_count, item_index])


def _compose(name: str, identity: list[str | int | None]) -> str:
    digest = hashlib.sha256(json.dumps(identity).encode()).digest()[:10]
    readable = re.sub(r"[^A-Za-z0-9.-]", "-", name[:8])
    return f"sfn__{readable}_{base64.b32encode(digest).decode().lower()}"


def _run_id(event: Mapping[str, Any]) -> str:
    # All are checked even where only one is used: a wrong type is a mistake in the state machine.
    arn, own = event.get("execution_arn"), event.get("run_id")
    redrive_count = _count(event, "redrive_count")
    item_index = _count(event, "item_index")
    if arn is not None and execution_arn(event) is None:
        _refuse("execution_arn", "be the ARN of an execution", arn)
    if own is not None:
        return _own_run_id(own)
    if arn is not None:
        return derive_run_id(arn, redrive_count=redrive_count or 0, item_index=item_index)
    if redrive_count is not None or item_index is not None:
        # Chance would make each retry of such a request a run of its own.
        _refuse("execution_arn", "be given with redrive_count and item_index", None)
    return _compose("by-hand", [str(uuid.uuid4())])


def _env_name(value: object) -> str:
    expected = "be the name of an MWAA environment: 1 to 80 of A-Z a-z 0-9 _ -, a letter first"
    if not isinstance(value, str) or not _ENV_NAME.fullmatch(value):
        _refuse("mwaa_env_name", expected, value)
    return value


def _dag_id(value: object) -> str:
    expected = "be a DAG id: 1 to 250 of A-Z a-z 0-9 _ . -, and not begin with '-'"
    if not isinstance(value, str) or not _is_id(_DAG_ID, value):
        _refuse("mwaa_dag_name", expected, value)
    return value


def _any_run_id(name: str, value: object) -> str:
    expected = "be a DAG run id: 1 to 250 of A-Z a-z 0-9 _ . ~ : + -, and not begin with '-'"
    if not isinstance(value, str) or not _is_id(_RUN_ID, value):
        _refuse(name, expected, value)
    return value


def _own_run_id(value: object) -> str:
    run_id = _any_run_id("run_id", value)
    if run_id.startswith(RESERVED_PREFIXES):
        _refuse("run_id", "not begin with a prefix that Airflow keeps for its own runs", value)
    return run_id


def _conf(value: object) -> dict[str, Any]:
    expected = "be a JSON object, or a string that holds one"
    if value is None:
        return {}
    try:
        conf = json.loads(value) if isinstance(value, str) else value
        # NaN and Infinity are no JSON, whichever way they came.
        text = json.dumps(conf, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        conf = None
    if not isinstance(conf, dict):
        raise InvalidRequest(f"mwaa_dag_conf must {expected}.")
    # A lone surrogate is legal in JSON, but has no bytes in UTF-8.
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_CONF_BYTES:
        raise InvalidRequest(
            f"mwaa_dag_conf must be at most {MAX_CONF_BYTES} bytes of JSON, not {size}: "
            "put the data into S3 and pass its URI."
        )
    return conf


def _count(event: Mapping[str, Any], name: str) -> int | None:
    value = event.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _refuse(name, "be an integer from 0 up", value)
    return value


def _is_id(pattern: re.Pattern[str], value: str) -> bool:
    fits = pattern.fullmatch(value) is not None and len(value) <= MAX_ID
    return fits and not value.startswith("-")


def _is_arn(value: str) -> bool:
    return value.startswith("arn:") and len(value) <= 512 and not re.search(r"\s", value)


def _refuse(name: str, expected: str, value: object) -> NoReturn:
    given = "it is absent" if value is None else f"not {_shown(value)}"
    raise InvalidRequest(f"{name} must {expected}; {given}.")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= 80 else value[:80] + "…")
    return f"a value of type {type(value).__name__}"
