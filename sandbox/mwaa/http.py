"""A request to MWAA's front, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass(frozen=True)
class Request:
    """A request, read to its end; names of headers are as the client wrote them, first letters large.

    `client` is the address that it came from, one for each connection. `caller` and `region` are what the
    signature of a call of MWAA's API says; the front does not read it itself, so a call that comes to it
    directly is by the root of an account.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    client: tuple[str, int] = ("", 0)
    caller: str = "arn:aws:iam::222222222222:root"
    region: str = "eu-central-1"


@dataclass(frozen=True)
class Response:
    """What the front answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        """Write the answer; a subclass may do so badly. ConnectionError closes the connection."""
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.body:
            handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)
