"""How moto's Step Functions stops an execution that is between two of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped


@contextmanager
def patch_stop() -> Iterator[None]:
    """Let a stopped execution stay stopped while the `with` lasts.

    moto skips whatever a stopped execution has left to evaluate. The step around it then misses a result, or
    passes an error by its `Catch`, and moto reports the execution as failed, where AWS reports `ABORTED`.
    """
    fail = Environment.set_error

    def fail_unless_stopped(env: Environment, error: ExecutionFailedEventDetails) -> None:
        with env._state_mutex:
            if not isinstance(env._program_state, ProgramStopped):
                fail(env, error)

    with patch.object(Environment, "set_error", fail_unless_stopped):
        yield
