"""Requests to MWAA's HTTPS server, and its responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass(frozen=True)
class Request:
    """A request with its body. The names of headers are in title case.

    `client` is the address of the client, which differs for each connection. `caller` and `region` come from the
    signature of a call of MWAA's API. The server does not read the signature, so the caller of a direct request is the
    root of an account.
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
    """A response of the server."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        """Send the response. A subclass can send an invalid one, or raise `ConnectionError` to close the connection."""
        handler.send_response(self.status)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        if self.body:
            handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)
