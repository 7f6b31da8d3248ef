"""Lets names under `.localhost` be loopback (RFC 6761) in the sandbox's Lambda processes.

botocore puts `env.` and `api.` before the host of MWAA's endpoint, and not every resolver knows `env.localhost`.
"""

from __future__ import annotations

import socket
from typing import Any

_getaddrinfo = socket.getaddrinfo


def _loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
    if isinstance(host, str) and host.endswith(".localhost"):
        host = "127.0.0.1"
    return _getaddrinfo(host, *args, **kwargs)


socket.getaddrinfo = _loopback
