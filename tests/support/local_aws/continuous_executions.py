"""Executions that start continuously while a test does something else."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from sandbox.account import Account

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_PAUSE = 0.5
"""Seconds between two executions, so that the machine has time for other work."""
_TIMEOUT = 120.0


class Executions:
    """Context manager that starts executions of a state machine, one after the other.

    Parameters
    ----------
    source
        Account of the state machine.
    event
        Input of the executions.

    Attributes
    ----------
    ended
        Descriptions of the executions that have ended.
    """

    def __init__(self, source: Account, state_machine_arn: str, event: dict[str, Any]) -> None:
        self.ended: list[DescribeExecutionOutputTypeDef] = []
        self._source = source
        self._state_machine_arn = state_machine_arn
        self._event = event
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        self._run = self._pool.submit(self._execute)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        self._run.result()

    @property
    def failures(self) -> list[str]:
        """Status, error and cause of the executions that did not succeed."""
        return [
            f"{ended['status']}: {ended.get('error')}: {ended.get('cause')}"
            for ended in self.ended
            if ended["status"] != "SUCCEEDED"
        ]

    def _execute(self) -> None:
        while not self._stop.wait(_PAUSE):
            ended = self._source.execute(
                self._state_machine_arn, self._event, name=str(uuid.uuid4()), timeout=_TIMEOUT
            )
            self.ended.append(ended)
