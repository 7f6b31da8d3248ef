"""The handler that Lambda calls: its start, its settings and its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import mwaa_dags_trigger
import pytest
from mwaa_dags_trigger.errors import (
    CommandRejected,
)
from mwaa_dags_trigger.transports.cli import CliTransport

from tests.support.transports.adapters import ADAPTERS


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 44_000


def test_the_handler_uses_the_time_limit_of_lambda(
    transport: CliTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = import_module("mwaa_dags_trigger.app")
    monkeypatch.setattr(app, "TRANSPORT", transport)
    with pytest.raises(CommandRejected, match=r"has 44 s .* needs 45 s"):
        app.lambda_handler({"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}, Context())


# What the runtime client does with an error of the handler.
EXTRACT = """
import json, os, traceback
from mwaa_dags_trigger import app
from mwaa_dags_trigger.transports import cli

class Context:
    def get_remaining_time_in_millis(self): return 300_000

for event in ({}, {"mwaa_env_name": "etl", "mwaa_dag_name": "demo"}, {}):
    app.TRANSPORT.trigger = None  # a bug
    try:
        app.lambda_handler(event, Context())
    except Exception as error:
        print(type(error).__name__, len(traceback.extract_tb(error.__traceback__)) > 0)
"""


def test_only_a_bug_has_a_stack_trace() -> None:
    assert started(EXTRACT, {}).stdout.splitlines() == [
        "InvalidRequest False",
        "TypeError True",
        "InvalidRequest False",
    ]


START = """
import sys
from mwaa_dags_trigger import app
print(app.TRANSPORT.name, *sorted(sys.modules))
"""
START_WITH_EACH = """
import os
for name in ("", "REST", "ssh"):
    os.environ["TRANSPORT"] = name
    try:
        import mwaa_dags_trigger.app
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("variables", "transport"),
    [
        pytest.param({}, "cli", id="absent"),
        pytest.param({"TRANSPORT": "rest"}, "rest", id="rest"),
    ],
)
def test_only_the_chosen_transport_is_loaded(variables: dict[str, str], transport: str) -> None:
    done = started(START, variables)
    assert done.returncode == 0, done.stderr
    chosen, *modules = done.stdout.split()
    assert chosen == transport
    loaded = [name for name in ADAPTERS if f"mwaa_dags_trigger.transports.{name}" in modules]
    assert loaded == [transport]
    assert ("requests" in modules) == (transport == "cli")


def test_an_unknown_transport_fails_at_the_start() -> None:
    done = started(START_WITH_EACH, {})
    assert done.stdout.splitlines() == [
        "The function's environment variable TRANSPORT must be "
        f"{' or '.join(map(repr, ADAPTERS))}, not {transport!r}."
        for transport in ("", "REST", "ssh")
    ]


def test_a_broken_list_of_allowed_dags_fails_at_the_start() -> None:
    done = started(START, {"ALLOWED_DAGS": "onboarding"})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "RuntimeError: The function's environment variable ALLOWED_DAGS must be a JSON object "
    )


def started(code: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    settings = {"TRANSPORT", "ALLOWED_DAGS", "MWAA_ENVIRONMENTS", "TRUSTED_STATE_MACHINES"}
    env = {name: value for name, value in os.environ.items() if name not in settings}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**env, "PYTHONPATH": str(Path(mwaa_dags_trigger.__file__).parents[1]), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
