"""Executions in the local AWS whose `Wait` states or retries take no time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from jsonata.timebox import Timebox
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)

from tests.support.clock import Clock


@contextmanager
def skip_waits(clock: Clock) -> Iterator[None]:
    """Make `Wait` states advance this clock instead of waiting, and JSONata read the time from it."""
    start = Timebox.current_milli_time() - round(clock() * 1000)

    def wait(_: WaitFunction, env: Any, wait_seconds: int) -> None:
        clock.sleep(wait_seconds)

    with (
        patch.object(WaitFunction, "_wait_interval", wait),
        patch.object(Timebox, "current_milli_time", lambda: start + round(clock() * 1000)),
    ):
        yield


def skip_retry_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make retries start immediately."""
    monkeypatch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
