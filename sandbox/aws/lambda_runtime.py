"""Runs the zips of functions with AWS's runtime client, `awslambdaric`. moto would only echo the payload."""

from __future__ import annotations

import io
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import Any, Self

_INIT_SECONDS = 60.0
"""Time limit for a worker to start and to import the function. On AWS it is 10 s, with a second attempt."""


@dataclass(frozen=True)
class Function:
    """A deployed function with the configuration that the runtime needs."""

    arn: str
    version: str
    handler: str
    zip_bytes: bytes
    timeout: int
    memory_size: int
    log_format: str
    log_group: str
    log_level: str
    environment: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.arn.split(":")[6]


@dataclass(frozen=True)
class Invocation:
    """Result of an invocation. `error` is the value of `X-Amz-Function-Error`, or None."""

    payload: bytes
    error: str | None
    log: str
    version: str


class LambdaRuntime:
    """Warm workers for each function, with `environment`. A worker runs one invocation at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._idle: defaultdict[Function, list[_Worker]] = defaultdict(list)
        self._code: dict[bytes, Path] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="lambda-")
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            workers = [worker for pool in self._idle.values() for worker in pool]
        for worker in workers:
            worker.stop()
        self._directory.cleanup()

    def invoke(
        self, function: Function, payload: bytes, credentials: Mapping[str, str]
    ) -> Invocation:
        """Run the function once. A new worker starts with `credentials`, a warm worker keeps its credentials.

        A function with a new code or configuration gets new workers.
        """
        with self._lock:
            outdated = [
                other for other in self._idle if other.arn == function.arn and other != function
            ]
            stopped = [worker for other in outdated for worker in self._idle.pop(other)]
            pool = self._idle[function]
            worker = pool.pop() if pool else None
            task_root = self._extract(function.zip_bytes)
        for other in stopped:
            other.stop()
        worker = worker or _Worker(function, task_root, {**self._environment, **credentials})
        invocation = worker.invoke(payload)
        with self._lock:
            keep = worker.running and not self._closed
            if keep:
                self._idle[function].append(worker)
        if not keep:
            worker.stop()
        return invocation

    def _extract(self, zip_bytes: bytes) -> Path:
        """Return the directory with the files of a zip. Workers with the same code share it and its bytecode."""
        if zip_bytes not in self._code:
            directory = Path(self._directory.name) / str(len(self._code))
            zipfile.ZipFile(io.BytesIO(zip_bytes)).extractall(directory)
            self._code[zip_bytes] = directory
        return self._code[zip_bytes]


class _Worker:
    """One awslambdaric process and the Runtime API that it polls."""

    def __init__(self, function: Function, task_root: Path, environment: Mapping[str, str]) -> None:
        self._function = function
        self._work: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._results: queue.Queue[tuple[str | None, bytes]] = queue.Queue()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._api())
        self._server.daemon_threads = True
        serve(self._server)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", function.handler],
            cwd=task_root,
            env=self._process_environment(task_root, environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def invoke(self, payload: bytes) -> Invocation:
        start = self._log.seek(0, os.SEEK_END)
        request_id = str(uuid.uuid4())
        self._deadline = time.monotonic() + _INIT_SECONDS
        self._work.put((request_id, payload))
        while True:
            try:
                error, payload = self._results.get(timeout=0.1)
                break
            except queue.Empty:
                if time.monotonic() > self._deadline:
                    self._process.kill()
                    self._process.wait(timeout=60)
                    message = f"Task timed out after {self._function.timeout:.2f} seconds"
                    error, payload = _failure(request_id, "Sandbox.Timedout", message)
                    break
                if not self.running and self._results.empty():
                    message = f"Runtime exited with exit code {self._process.returncode}"
                    error, payload = _failure(request_id, "Runtime.ExitError", message)
                    break
        self._log.seek(start)
        log = self._log.read().decode(errors="replace")
        return Invocation(payload, error, log, self._function.version)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(timeout=60)
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def _process_environment(
        self, task_root: Path, environment: Mapping[str, str]
    ) -> dict[str, str]:
        region = self._function.arn.split(":")[3]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(task_root),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory_size),
            "AWS_LAMBDA_FUNCTION_NAME": self._function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": self._function.version,
            "AWS_LAMBDA_LOG_FORMAT": self._function.log_format,
            "AWS_LAMBDA_LOG_GROUP_NAME": self._function.log_group,
            "AWS_LAMBDA_LOG_LEVEL": self._function.log_level,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "LAMBDA_TASK_ROOT": str(task_root),
            "TZ": ":UTC",
            **environment,
            **dict(self._function.environment),
        }

    def _api(self) -> type[BaseHTTPRequestHandler]:
        """Return the Runtime API of this worker ("Using the Lambda runtime API" in the AWS Lambda Developer Guide)."""
        worker = self

        class RuntimeApi(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                work = worker._work.get()
                if work is None:
                    self.close_connection = True
                    return
                request_id, payload = work
                # As on AWS, the start of the process and the function's imports do not count.
                worker._deadline = time.monotonic() + worker._function.timeout
                deadline = time.time() + worker._function.timeout
                self.send_response(200)
                # awslambdaric crashes without a Content-Type.
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", worker._function.arn)
                self.end_headers()
                self.wfile.write(payload)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Queued before the response is sent, because the process may exit right after it.
                worker._results.put(
                    (None if self.path.endswith("/response") else "Unhandled", body)
                )
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return RuntimeApi


def serve(server: BaseServer) -> None:
    """Serve in a thread until `server.shutdown()` is called."""
    # The argument is the interval in seconds at which the server checks for a shutdown.
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()


def _failure(request_id: str, error_type: str, message: str) -> tuple[str, bytes]:
    payload = {"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return "Unhandled", json.dumps(payload).encode()
