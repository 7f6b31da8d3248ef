"""Recorded output of the commands, and responses of the REST API, of each Airflow version, by case.

If two versions do not differ, the file of one version names the other version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tools.paths import PROJECT

DIRECTORY = PROJECT / "tests" / "lambda" / "transcripts"


@dataclass(frozen=True)
class Printed:
    """The output of one command."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Exchange:
    """A request to the REST API and its response."""

    body: Any
    status: int
    response: Any


def digest(text: str, version: str) -> str:
    """Return the hash of a recording, regardless of the version and the time in it."""
    masked = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+", "TIME", text)
    return hashlib.sha256(masked.replace(version, "VERSION").encode()).hexdigest()


def read(kind: str, version: str) -> str:
    """Return the content of the file of a version."""
    return (DIRECTORY / f"{kind}-{version}.json").read_text()


@cache
def _cases(kind: str, version: str) -> Mapping[str, Mapping[str, Any]]:
    cases = json.loads(read(kind, version))
    if "same_as" in cases:
        other = cases["same_as"]
        cases = json.loads(read(kind, other).replace(other, version))
    return {case["case"]: case for case in cases}


def command(version: str, case: str) -> Printed:
    """Return the recorded output of a command."""
    recorded = _cases("airflow", version)[case]
    return Printed(recorded["stdout"], recorded["stderr"])


def about(printed: Printed, dag_id: str, run_id: str) -> Printed:
    """Return the recorded error with these names of the DAG and the run."""
    stderr = re.sub(r"\bnosuch\b", dag_id, printed.stderr)
    return Printed(printed.stdout, re.sub(r"\bx1\b", run_id, stderr))


def noise(version: str, case: str) -> Printed:
    """Return what this version printed in an environment that prints and refuses more."""
    recorded = _cases("noise", version)[case]
    return Printed(recorded["stdout"], recorded["stderr"])


def created(version: str, run_id: str) -> Printed:
    """Return the recorded output of `dags trigger -o json`, with this run id."""
    return renamed(command(version, "okjson"), "x3", run_id)


def listed(version: str, run_id: str) -> Printed:
    """Return the recorded output of `dags list-runs -o json`, with `run_id` instead of `x1`."""
    return renamed(command(version, "listruns"), "x1", run_id)


def renamed(printed: Printed, recorded: str, run_id: str) -> Printed:
    return Printed(printed.stdout.replace(f'"{recorded}"', f'"{run_id}"'), printed.stderr)


def rest(version: str, case: str, *, run_id: str = "x1") -> Exchange:
    """Return a recorded exchange, with `run_id` instead of `x1`."""
    recorded = _cases("rest", version)[case]
    text = re.sub(r"\bx1\b", run_id, json.dumps(recorded["answer"]))
    return Exchange(recorded["body"], recorded["status"], json.loads(text))
