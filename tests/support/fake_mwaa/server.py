"""An MWAA for tests: the front of the sandbox, whose responses and faults a script determines."""

from __future__ import annotations

import json
import shlex
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

import botocore
import botocore.session
import requests
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from mwaa_dags_trigger.mwaa.client import API_READ_SECONDS
from requests.adapters import HTTPAdapter

from sandbox.mwaa.api import OPERATION, success
from sandbox.mwaa.front import Environment, MwaaFront
from sandbox.mwaa.http import Request, Response
from tests.support.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

CLIENT_TIMEOUT_SECONDS = 60.0
"""Seconds of real time that a client waits for a response, far more than any machine needs."""
LOOP = "/aws_mwaa/loop"
"""A path that redirects to itself."""
OTHER_HOST = "127.0.0.1"
"""Another host name of the front. Its certificate has this name too, so that a client that follows a redirect to it
succeeds and is counted."""


class Operation(StrEnum):
    """An operation of MWAA."""

    GET_ENVIRONMENT = "GetEnvironment"
    CREATE_CLI_TOKEN = "CreateCliToken"
    INVOKE_REST_API = "InvokeRestApi"
    COMMAND = "command"


API = {
    "environments": Operation.GET_ENVIRONMENT,
    "clitoken": Operation.CREATE_CLI_TOKEN,
    "restapi": Operation.INVOKE_REST_API,
}
REACHES_AIRFLOW = {Operation.COMMAND, Operation.INVOKE_REST_API}


class CrashError(BaseException):
    """Stands for a crash of the process of the function. The function does not handle this exception."""


@dataclass(frozen=True)
class Call:
    """A request that MWAA accepts, and the action that carries it out."""

    operation: Operation
    request: Request
    action: Callable[[], Response]


class Step(Protocol):
    """A step of a script."""

    def fits(self, call: Call) -> bool:
        """Return whether the step can happen to this call."""
        ...

    def play(self, mwaa: FakeMwaa, call: Call) -> Response:
        """Return the response to the caller, or raise ConnectionError to close the connection."""
        ...


class FakeMwaa(MwaaFront):
    """The front with a script. Each call uses the first step that fits it. Without such a step, it reaches Airflow.

    Attributes
    ----------
    calls
        Calls since the script began, in their order.
    played
        How often each step has happened.
    redirected_requests
        Number of requests that followed a redirect to another host.
    environment_fields
        Fields that replace those in the response of GetEnvironment. None omits a field.
    closed_address
        A host and port where nothing listens.
    late
        Actions that are carried out only after the next call that reaches Airflow.
    http_adapter
        Adapter that all tests use for commands, so that they share connections.
    released
        Set to end all responses that do not end by themselves.
    """

    def __init__(
        self, environments: Mapping[str, Environment], directory: Path, clock: Clock
    ) -> None:
        super().__init__(environments, directory, clock=clock)
        self.calls: list[Call] = []
        self.played: Counter[Step] = Counter()
        self.redirected_requests = 0
        self.environment_fields: dict[str, str | None] = {}
        self.late: deque[Callable[[], Response]] = deque()
        self.http_adapter = PatientAdapter(self, clock)
        self.released = threading.Event()
        self._script: deque[Step] = deque()
        self._client_error: BaseException | None = None
        self._script_lock = threading.Lock()
        self._closed_socket = socket.socket()
        self._closed_socket.bind(("127.0.0.1", 0))  # without listening
        self.closed_address = f"localhost:{self._closed_socket.getsockname()[1]}"

    def begin(self, *script: Step) -> None:
        """Replace the script, and end all requests that still hang."""
        self.run_late_calls()
        self.released.set()
        self.released = threading.Event()
        self._script = deque(script)
        self.calls.clear()
        self.environment_fields.clear()

    def add(self, *steps: Step) -> None:
        """Add steps to the script."""
        self._script.extend(steps)

    @property
    def remaining_steps(self) -> list[Step]:
        """Steps that have not happened."""
        return list(self._script)

    def run_late_calls(self) -> None:
        """Carry out the late actions."""
        while self.late:
            self.late.popleft()()

    def __exit__(self, *exception: object) -> None:
        # Otherwise, requests that hang would never end.
        self.released.set()
        super().__exit__(*exception)
        self._closed_socket.close()

    def requests_for(self, operation: Operation) -> list[Request]:
        """Return the requests for one operation, in their order."""
        return [call.request for call in self.calls if call.operation is operation]

    @property
    def operations(self) -> list[Operation]:
        """Operations of all calls, in their order."""
        return [call.operation for call in self.calls]

    @property
    def posts(self) -> list[Request]:
        """Requests with a command, in their order."""
        return self.requests_for(Operation.COMMAND)

    @property
    def command_words(self) -> list[list[str]]:
        """All commands as lists of words."""
        return [shlex.split(request.body.decode("ascii")) for request in self.posts]

    @property
    def rest_calls(self) -> list[dict[str, Any]]:
        """Parameters of the calls of InvokeRestApi."""
        return [
            json.loads(request.body) for request in self.requests_for(Operation.INVOKE_REST_API)
        ]

    @property
    def paths(self) -> list[str]:
        """Methods and paths of the REST requests."""
        return [f"{call['Method']} {call['Path']}" for call in self.rest_calls]

    def break_off(self, error: BaseException) -> NoReturn:
        """Close the connection, and have the client library raise this error instead of a connection error.

        TimeoutError therefore needs no real time, and a slow machine does not cause it. CrashError stands for a crash
        of the client.
        """
        self._client_error = error
        raise ConnectionResetError

    def client_error(self) -> BaseException | None:
        """Return the error for the connection that broke off, if any, and forget it."""
        self._client_error, error = None, self._client_error
        return error

    def respond(self, request: Request) -> Response:
        """Return the response to a request."""
        if request.headers.get("Host", "").startswith(OTHER_HOST):
            self.redirected_requests += 1
        if request.path == LOOP:
            return redirect(request.headers["Host"], LOOP)
        return super().respond(request)

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Play the first step that fits, and then carry out the late actions."""
        match = OPERATION.fullmatch(request.path)
        call = Call(API[match["operation"]] if match else Operation.COMMAND, request, action)
        late: deque[Callable[[], Response]] = deque()
        with self._script_lock:
            self.calls.append(call)
            step = next((step for step in self._script if step.fits(call)), None)
            if step:
                self._script.remove(step)
                self.played[step] += 1
            if call.operation in REACHES_AIRFLOW:
                late, self.late = self.late, late
        try:
            return step.play(self, call) if step else self._described(call)
        finally:
            for run in late:
                run()

    def _described(self, call: Call) -> Response:
        response = call.action()
        if (
            call.operation is Operation.GET_ENVIRONMENT
            and self.environment_fields
            and response.status == 200
        ):
            fields = {**json.loads(response.body)["Environment"], **self.environment_fields}
            present = {name: field for name, field in fields.items() if field is not None}
            return success({"Environment": present})
        return response


def redirect(host: str, path: str) -> Response:
    """Return a redirect."""
    return Response(307, headers={"Location": f"https://{host}{path}"})


def client(
    mwaa: FakeMwaa, clock: Clock, *, read_timeout: float = CLIENT_TIMEOUT_SECONDS
) -> MWAAClient:
    """Create a client of the MWAA API that makes one attempt, with this time limit in real seconds.

    It does not sign requests, because the front checks no signatures and signing takes a tenth of the time of a call.
    """

    def needs_retry(caught_exception: Exception | None, **_: object) -> None:
        error = mwaa.client_error() if caught_exception else None
        if isinstance(error, TimeoutError):
            clock.now += API_READ_SECONDS
            raise ReadTimeoutError(endpoint_url=mwaa.hostname)
        if error:
            raise error

    created = botocore.session.get_session().create_client(
        "mwaa",
        endpoint_url=f"https://{mwaa.hostname}",
        verify=str(mwaa.ca_file),
        config=Config(
            inject_host_prefix=False,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": 1},
            signature_version=botocore.UNSIGNED,
        ),
    )
    created.meta.events.register("needs-retry.mwaa", needs_retry)
    return cast("MWAAClient", created)


def endpoint(mwaa: FakeMwaa) -> dict[str, str]:
    """Return the environment variables with which other AWS clients find this MWAA."""
    return {
        "AWS_ENDPOINT_URL": f"https://{mwaa.hostname}",
        "AWS_CA_BUNDLE": str(mwaa.ca_file),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


class PatientAdapter(HTTPAdapter):
    """Waits for each response however slow the machine is. Timeouts only advance the clock."""

    def __init__(self, mwaa: FakeMwaa, clock: Clock) -> None:
        super().__init__()
        self._mwaa, self._clock = mwaa, clock

    def send(  # noqa: PLR0917 (the base class's)
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        assert isinstance(timeout, tuple) and timeout[1]
        try:
            return super().send(request, stream, CLIENT_TIMEOUT_SECONDS, verify, cert, proxies)
        except requests.ConnectionError:
            error = self._mwaa.client_error()
            if isinstance(error, TimeoutError):
                self._clock.now += timeout[1]
                raise requests.ReadTimeout from None
            if error:
                raise error from None
            raise
