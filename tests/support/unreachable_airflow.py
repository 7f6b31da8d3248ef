"""An Airflow for tests whose script contains all responses."""

from __future__ import annotations

from typing import NoReturn


class UnreachableAirflow:
    """Records the calls that reach it by mistake, and fails them.

    Attributes
    ----------
    calls
        Commands as lists of words, requests as method and path.
    """

    def __init__(self, version: str = "3.3.1") -> None:
        self.version = version
        self.calls: list[object] = []

    def cli(self, argv: list[str], timeout: float) -> NoReturn:
        """Record the command."""
        self.calls.append(argv)
        raise ConnectionError

    def rest(
        self, method: str, path: str, *, params: object, body: object, timeout: float
    ) -> NoReturn:
        """Record the request."""
        self.calls.append((method, path))
        raise ConnectionError
