"""Responses that break off or never end."""

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

SILENCE_SECONDS = 60.0
"""Seconds of real time after which an endless response breaks off, so that no test hangs."""


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
    """The connection breaks off after half of the body."""

    status: int = 200
    body: bytes = b'{"stdout": "'

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        send_head(handler, len(self.body) + 1)
        handler.wfile.write(self.body[: len(self.body) // 2])
        raise ConnectionResetError


@dataclass(frozen=True)
class Endless(Response):
    """A response whose end never arrives, until it is `released`.

    `at_once` bytes of the body arrive immediately. With `drips`, further bytes arrive one by one.
    """

    status: int = 200
    released: threading.Event = field(default_factory=threading.Event)
    at_once: int = 0
    drips: bool = False

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        ends = time.monotonic() + SILENCE_SECONDS
        if self.at_once or self.drips:
            send_head(handler, 1_000_000_000)
            handler.wfile.write(b"x" * self.at_once)
            handler.wfile.flush()
        while not self.released.wait(0.02) and time.monotonic() < ends:
            if self.drips:
                handler.wfile.write(b" ")
                handler.wfile.flush()
        raise ConnectionResetError


def send_head(handler: BaseHTTPRequestHandler, length: int) -> None:
    """Write the status line and headers for a body of this length."""
    handler.send_response(HTTPStatus.OK)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()
