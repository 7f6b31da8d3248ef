"""What each Airflow version printed, or answered over REST, by case."""

from __future__ import annotations

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
    """What one command printed."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Exchange:
    """A request to the REST API, and its answer."""

    body: Any
    status: int
    answer: Any


@cache
def _cases(name: str) -> Mapping[str, Mapping[str, Any]]:
    cases = json.loads((DIRECTORY / f"{name}.json").read_text())
    return {case["case"]: case for case in cases}


def command(version: str, case: str) -> Printed:
    """Return what this version printed."""
    recorded = _cases(f"airflow-{version}")[case]
    return Printed(recorded["stdout"], recorded["stderr"])


def created(version: str, run_id: str) -> Printed:
    """Return what `dags trigger -o json` printed, for this run id."""
    return renamed(command(version, "okjson"), "x3", run_id)


def listed(version: str, run_id: str) -> Printed:
    """Return what `dags list-runs -o json` printed, where `x1` is called `run_id`."""
    return renamed(command(version, "listruns"), "x1", run_id)


def renamed(printed: Printed, recorded: str, run_id: str) -> Printed:
    return Printed(printed.stdout.replace(f'"{recorded}"', f'"{run_id}"'), printed.stderr)


def rest(version: str, case: str, *, run_id: str = "x1") -> Exchange:
    """Return an exchange with this version, where `x1` is called `run_id`."""
    recorded = _cases(f"rest-{version}")[case]
    text = re.sub(r"\bx1\b", run_id, json.dumps(recorded["answer"]))
    return Exchange(recorded["body"], recorded["status"], json.loads(text))
