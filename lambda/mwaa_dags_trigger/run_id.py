"""The run id of a request. It stays the same for all retries and redrives."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from mwaa_dags_trigger.errors import InvalidRequest
from mwaa_dags_trigger.fields import parse_run_id, reject

STATE_MACHINE_FIELDS = ("execution_arn", "state_name", "redrive_count", "retry_count")
"""The fields that the state machine adds to an event, in addition to `input_fields`."""

MAX_KEY_LENGTH = 2048
"""Long enough for the bucket, key (up to 1024 bytes) and version of an S3 object."""

# The prefixes that Airflow, up to 3.3.1, gives to the runs that it creates itself.
_RESERVED = re.compile(
    r"(asset_materialization|(asset|dataset|operator)_triggered|backfill|scheduled)__"
)


def resolve_run_id(event: Mapping[str, Any]) -> str:
    """Return the run id: `run_id`, or one derived from `idempotency_key` or from the execution.

    Without any of these, somebody invoked the function manually, and the run id is random.
    """
    arn, state = event.get("execution_arn"), event.get("state_name")
    run_id, key = event.get("run_id"), event.get("idempotency_key")
    # Unused fields are checked as well: a wrong type is a mistake in the state machine.
    if arn is not None and execution_arn(event) is None:
        reject("execution_arn", "be the ARN of an execution", arn)
    if state is not None and not isinstance(state, str):
        reject("state_name", "be the name of a state", state)
    if run_id is not None and key is not None:
        raise InvalidRequest(
            "Set run_id or idempotency_key, not both: each of them determines the run id."
        )
    if run_id is not None:
        parse_run_id("run_id", run_id)
        if _RESERVED.match(run_id):
            reject(
                "run_id", "not start with a prefix that Airflow reserves for its own runs", run_id
            )
        return str(run_id)
    if key is not None:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_LENGTH:
            reject("idempotency_key", f"be a string of 1 to {MAX_KEY_LENGTH} characters", key)
        return derive_run_id("key", "idempotency_key", key)
    if arn is not None:
        return derive_run_id(arn.rsplit(":", 1)[-1], arn, state)
    if any(event.get(name) is not None for name in STATE_MACHINE_FIELDS):
        # With a random run id, each retry would create another DAG run.
        reject("execution_arn", "be set together with the state machine's other fields", None)
    return derive_run_id("by-hand", os.urandom(16).hex())


def derive_run_id(label: str, *identity: str | None) -> str:
    """Derive a run id from the values that identify a request, and from nothing else.

    The run id is `sfn__LABEL_DIGEST`: at most 8 characters of the label, and 80 bits of the SHA-256
    of the identity. Among a million runs of a DAG, the probability that two of them get the same
    run id is about 4 in 10^13. It has at most 30 characters: together with a DAG id of up to 19
    characters, it fits into the 64 characters of a path in MWAA's REST API.
    """
    digest = hashlib.sha256(json.dumps(identity).encode()).digest()[:10]
    readable = re.sub(r"[^A-Za-z0-9-]", "-", label[:8])
    return f"sfn__{readable}_{base64.b32encode(digest).decode().lower()}"


def execution_arn(event: object) -> str | None:
    """Return the execution's ARN for logs and messages, or None if the event has no valid ARN."""
    value = event.get("execution_arn") if isinstance(event, dict) else None
    return value if isinstance(value, str) and _is_arn(value) else None


def _is_arn(value: str) -> bool:
    is_one_word = value.isprintable() and " " not in value
    return value.startswith("arn:") and len(value) <= 512 and is_one_word
