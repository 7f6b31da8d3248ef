"""An Airflow that should not be asked, because a script answers in its place."""

from __future__ import annotations

from typing import NoReturn


class UnaskedAirflow:
    """It keeps what it was asked all the same, and never answers."""

    def __init__(self, version: str = "3.3.1") -> None:
        self.version = version
        self.asked: list[object] = []

    def cli(self, argv: list[str], timeout: float) -> NoReturn:
        """Note the command."""
        self.asked.append(argv)
        raise ConnectionError

    def rest(
        self, method: str, path: str, *, params: object, body: object, timeout: float
    ) -> NoReturn:
        """Note the request."""
        self.asked.append((method, path))
        raise ConnectionError
