"""Parse an event into a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mwaa_dags_trigger import __version__
from mwaa_dags_trigger.errors import InvalidRequest
from mwaa_dags_trigger.fields import (
    describe,
    find_closest,
    parse_conf,
    parse_dag_id,
    parse_env_name,
    parse_integer,
    parse_run_id,
    parse_time,
    reject,
)
from mwaa_dags_trigger.run_id import STATE_MACHINE_FIELDS, resolve_run_id

INPUT_FIELDS = ("mwaa_env_name", "mwaa_dag_name", "mwaa_dag_conf", "run_id", "idempotency_key")
"""The fields of the execution input that the function uses."""

_FIELDS = {
    "trigger": ("action", *INPUT_FIELDS, *STATE_MACHINE_FIELDS, "input_fields"),
    "status": ("action", "mwaa_env_name", "mwaa_dag_name", "dag_run_id"),
    "describe_dag": ("action", "mwaa_env_name", "mwaa_dag_name"),
    "check": (
        *("action", "mwaa_env_name", "mwaa_dag_name", "dag_run_id", "execution_arn"),
        *("triggered_at", "redriven_at", "checked_at", "timeout_seconds"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class DagKey:
    """The identity of a DAG. Its names match the patterns of MWAA and Airflow."""

    mwaa_env_name: str
    mwaa_dag_name: str


@dataclass(frozen=True, kw_only=True)
class RunKey(DagKey):
    """The identity of a DAG run."""

    dag_run_id: str

    def __str__(self) -> str:
        return (
            f"DAG run {self.dag_run_id} of DAG {self.mwaa_dag_name} in MWAA environment "
            f"{self.mwaa_env_name}"
        )


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A request to create a DAG run.

    Parameters
    ----------
    key
        The DAG run.
    conf
        Its conf, a JSON object.
    is_retry
        Whether the execution has sent the request before. The outcome is not known here.
    """

    key: RunKey
    conf: Mapping[str, Any] = field(repr=False)
    is_retry: bool


@dataclass(frozen=True, kw_only=True)
class Status:
    """A request for the state of a DAG run."""

    key: RunKey


@dataclass(frozen=True, kw_only=True)
class Check:
    """A request of an execution that waits until a DAG run ends.

    Parameters
    ----------
    key
        The DAG run.
    waited_seconds
        How long the execution has waited since the trigger or the last redrive.
    timeout_seconds
        How long it waits at most.
    """

    key: RunKey
    waited_seconds: float
    timeout_seconds: int


@dataclass(frozen=True, kw_only=True)
class DescribeDag:
    """A request for a DAG."""

    key: DagKey


Request = Trigger | Status | Check | DescribeDag


def parse(event: object) -> Request:
    """Parse an event.

    Parameters
    ----------
    event
        A JSON object. Null is the same as an omitted field. All events have `mwaa_env_name`,
        `mwaa_dag_name`, and optionally `action`. To trigger a DAG run, they can also have
        `mwaa_dag_conf` and either `run_id` or `idempotency_key`; the state machine adds
        `execution_arn`, `state_name`, `redrive_count`, `retry_count` and `input_fields`. With the
        actions `status` and `check`, `dag_run_id` identifies the run. With `check`, there are also
        `triggered_at`, `redriven_at` after a redrive, `checked_at` and `timeout_seconds`.

    Raises
    ------
    InvalidRequest
        Names the field and the expected value.
    """
    if not isinstance(event, dict):
        raise InvalidRequest(f"The event must be a JSON object, but it is {describe(event)}.")
    action = event.get("action")
    action = "trigger" if action is None else action
    if not isinstance(action, str) or action not in _FIELDS:
        _reject_newer(event, f"action {describe(action)}")
        reject("action", "be 'trigger', 'status', 'check' or 'describe_dag', or omitted", action)
    _reject_unknown_fields(event, _FIELDS[action])
    _reject_batch(event)
    env_name, dag_id = parse_env_name(event), parse_dag_id(event)
    if action == "describe_dag":
        return DescribeDag(key=DagKey(mwaa_env_name=env_name, mwaa_dag_name=dag_id))
    if action == "trigger":
        _reject_typos(event.get("input_fields"))
        run_id = resolve_run_id(event)
    else:
        run_id = parse_run_id("dag_run_id", event.get("dag_run_id"))
    key = RunKey(mwaa_env_name=env_name, mwaa_dag_name=dag_id, dag_run_id=run_id)
    match action:
        case "trigger":
            return _parse_trigger(key, event)
        case "check":
            return _parse_check(key, event)
        case _:
            return Status(key=key)


def _parse_trigger(key: RunKey, event: Mapping[str, Any]) -> Trigger:
    conf = parse_conf(event.get("mwaa_dag_conf"))
    counts = [
        parse_integer(event, name, least=0)
        for name in ("retry_count", "redrive_count")
        if event.get(name) is not None
    ]
    return Trigger(key=key, conf=conf, is_retry=any(counts))


def _parse_check(key: RunKey, event: Mapping[str, Any]) -> Check:
    start = parse_time(event, "triggered_at")
    if event.get("redriven_at") is not None:
        # A redrive that triggers the DAG run comes before the trigger.
        start = max(start, parse_time(event, "redriven_at"))
    return Check(
        key=key,
        waited_seconds=(parse_time(event, "checked_at") - start).total_seconds(),
        timeout_seconds=parse_integer(event, "timeout_seconds", least=1),
    )


def _reject_unknown_fields(event: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in event:
        if name not in known:
            _reject_newer(event, f"field {describe(name)}")
            closest = find_closest(str(name), known, cutoff=0.6)
            hint = f"Did you mean {closest}?" if closest else f"Known fields: {', '.join(known)}."
            raise InvalidRequest(f"The event has an unknown field {describe(name)}. {hint}")


def _reject_newer(event: Mapping[str, Any], what: str) -> None:
    """Reject what the state machine has added: it may be newer than the function."""
    if event.get("execution_arn") is not None:
        raise InvalidRequest(
            f"The state machine sent the {what}, which this function, version {__version__}, does not know. "
            "If the state machine is newer, upgrade the target to its version, then redrive the execution: "
            "it requests the same DAG run. In your own state machine, correct the event."
        )


def _reject_batch(event: Mapping[str, Any]) -> None:
    """Reject a batch that was sent to the state machine for single DAG runs."""
    names = event.get("input_fields")
    if event.get("mwaa_env_name") is not None or not isinstance(names, list):
        return
    if "dag_runs" in names or {"bucket", "key"} <= set(map(str, names)):
        raise InvalidRequest(
            "The execution input is a batch, but each execution of this state machine creates one DAG "
            "run. Start an execution of the batch state machine, whose name ends in -batch."
        )


def _reject_typos(names: object) -> None:
    """Reject likely typos in the execution input. Its other fields belong to other states."""
    if names is not None and not isinstance(names, list):
        reject("input_fields", "be the list of the field names in the execution input", names)
    for name in names or []:
        closest = find_closest(str(name).lower(), INPUT_FIELDS, cutoff=0.75)
        if name not in INPUT_FIELDS and (closest or str(name).lower().startswith("mwaa_")):
            raise InvalidRequest(
                f"The execution input has an unknown field {describe(name)}. "
                f"Did you mean {closest or ' or '.join(INPUT_FIELDS[:3])}?"
            )
