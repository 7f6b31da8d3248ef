"""HTTP proxies that refuse or connect their clients."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

SECONDS = 60.0


@contextmanager
def proxy(response: bytes) -> Iterator[str]:
    """Send each client this response, and yield the address. Without a response, nothing listens there."""

    def refuse(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(response)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*listener.getsockname())
        if response:
            with _listening(listener, refuse):
                yield address
        else:
            yield address


@contextmanager
def proxy_to(address: str) -> Iterator[str]:
    """Connect each client with this address, and yield the address of the proxy."""
    host, port = address.split(":")

    def connect(client: socket.socket) -> None:
        client.recv(65536)
        with socket.create_connection((host, int(port)), timeout=SECONDS) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            back.start()
            _pass_on(client, server)
            back.join()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        with _listening(listener, connect):
            yield "{}:{}".format(*listener.getsockname())


@contextmanager
def _listening(listener: socket.socket, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    clients = list[socket.socket]()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            clients.append(client)
            client.settimeout(SECONDS)
            with client, suppress(OSError):
                serve(client)

    listener.listen()
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield
    # Clients keep their connections.
    for connection in (listener, *clients):
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    thread.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
