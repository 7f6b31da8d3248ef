"""A request to MWAA's front, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """A request, read to its end.

    `caller` and `region` are what the signature of a call of MWAA's API says; the front does not read it
    itself, so a call that comes to it directly is by the root of an account.
    """

    method: str
    path: str
    host: str = ""
    authorization: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    caller: str = "arn:aws:iam::222222222222:root"
    region: str = "eu-central-1"


@dataclass(frozen=True)
class Response:
    """What the front answers; with `cut` the connection breaks off after so many bytes of the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
