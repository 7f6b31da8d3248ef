"""Answers that break off, or never end."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

from sandbox.mwaa.http import Response

GIVES_UP_S = 60.0
"""Real seconds after which a silence breaks off, which a client tells from its own patience."""


@dataclass(frozen=True)
class Reset(Response):
    """The connection is reset."""

    status: int = 0

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(handler.connection.detach())
        handler.close_connection = True


@dataclass(frozen=True)
class HangUp(Response):
    """The connection is closed."""

    status: int = 0

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        raise ConnectionResetError


@dataclass(frozen=True)
class Truncated(Response):
    """Half of the body comes, then the connection breaks off."""

    status: int = 200
    body: bytes = b'{"stdout": "'

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        promise(handler, len(self.body) + 1)
        handler.wfile.write(self.body[: len(self.body) // 2])
        raise ConnectionResetError


@dataclass(frozen=True)
class Endless(Response):
    """So much of a body comes at once, or drips, and its end never; until `released`."""

    status: int = 200
    released: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    drips: bool = False

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        ends = time.monotonic() + GIVES_UP_S
        if self.at_once or self.drips:
            promise(handler, 1_000_000_000)
            handler.wfile.write(b"x" * self.at_once)
            handler.wfile.flush()
        while not self.released.wait(0.02) and time.monotonic() < ends:
            if self.drips:
                handler.wfile.write(b" ")
                handler.wfile.flush()
        raise ConnectionResetError


def promise(handler: BaseHTTPRequestHandler, length: int) -> None:
    """Write the head of a body of so many bytes."""
    handler.send_response(HTTPStatus.OK)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
