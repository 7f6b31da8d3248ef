"""An MWAA that follows a script: the sandbox's own front, and what a test has it answer or do wrong."""

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

PATIENCE_S = 60.0
"""Real seconds that a client waits where its answer comes: far more than any machine needs."""
LOOP = "/aws_mwaa/loop"
AWAY = "127.0.0.1"
"""Another name of the front's address, which its certificate has too: who follows a redirect there gets
through, and is counted in `strays`."""


class Operation(StrEnum):
    """What a request asks MWAA for."""

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
    """The function's process ends here; no code of its own gets to handle it."""


@dataclass(frozen=True)
class Call:
    """A request that MWAA did not turn away, and what would do what it asks for."""

    operation: Operation
    request: Request
    action: Callable[[], Response]


class Step(Protocol):
    """One part of a script."""

    def fits(self, call: Call) -> bool:
        """Tell whether it can happen to this call."""
        ...

    def play(self, mwaa: FakeMwaa, call: Call) -> Response:
        """Return what the caller gets; ConnectionError closes the connection."""
        ...


class FakeMwaa(MwaaFront):
    """The front, with a script: each call takes the first step that fits it, or reaches its Airflow.

    Attributes
    ----------
    calls
        Those since the script began, in the order they came.
    played
        How often each step has happened.
    strays
        Requests that followed a redirect to another host.
    shown
        Fields that GetEnvironment shows in place of the front's own; None for one that is not there.
    nobody
        A host and port where nothing listens.
    late
        What was asked for and is done only after the next call that reaches an Airflow.
    http_adapter
        Through which the transports of all tests send their commands: a connection serves many of them.
    """

    def __init__(
        self, environments: Mapping[str, Environment], directory: Path, clock: Clock
    ) -> None:
        super().__init__(environments, directory, clock=clock)
        self.calls: list[Call] = []
        self.played: Counter[Step] = Counter()
        self.strays = 0
        self.shown: dict[str, str | None] = {}
        self.late: deque[Callable[[], Response]] = deque()
        self.http_adapter = Patient(self, clock)
        self.released = threading.Event()
        self._script: deque[Step] = deque()
        self._meaning: BaseException | None = None
        self._taking = threading.Lock()
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))  # and does not listen
        self.nobody = f"localhost:{self._nobody.getsockname()[1]}"

    def begin(self, *script: Step) -> None:
        """Begin anew with this script; what still hangs is let go."""
        self.settle()
        self.released.set()
        self.released = threading.Event()
        self._script = deque(script)
        self.calls.clear()
        self.shown.clear()

    def add(self, *steps: Step) -> None:
        """Add to the script."""
        self._script.extend(steps)

    @property
    def to_come(self) -> list[Step]:
        """The steps that have not happened."""
        return list(self._script)

    def settle(self) -> None:
        """Do what is late."""
        while self.late:
            self.late.popleft()()

    def __exit__(self, *exception: object) -> None:
        # Or the requests that hang would never end.
        self.released.set()
        super().__exit__(*exception)
        self._nobody.close()

    def asked(self, operation: Operation) -> list[Request]:
        """Return the requests for one operation, in the order they came."""
        return [call.request for call in self.calls if call.operation is operation]

    @property
    def operations(self) -> list[Operation]:
        """What was asked for, in the order it was."""
        return [call.operation for call in self.calls]

    @property
    def posts(self) -> list[Request]:
        """The requests that carried a command, in the order they came."""
        return self.asked(Operation.COMMAND)

    @property
    def words(self) -> list[list[str]]:
        """The commands, in words."""
        return [shlex.split(request.body.decode("ascii")) for request in self.posts]

    @property
    def rest_calls(self) -> list[dict[str, Any]]:
        """What InvokeRestApi was called with."""
        return [json.loads(request.body) for request in self.asked(Operation.INVOKE_REST_API)]

    @property
    def paths(self) -> list[str]:
        """Methods and paths of the REST API."""
        return [f"{call['Method']} {call['Path']}" for call in self.rest_calls]

    def break_off(self, meaning: BaseException) -> NoReturn:
        """Break off in place of what the client's library raises when it gets no answer.

        So no test waits for a silence (TimeoutError), nor can a slow machine be taken for one. With
        CrashError the client's process has crashed meanwhile.
        """
        self._meaning = meaning
        raise ConnectionResetError

    def meaning(self) -> BaseException | None:
        """Return what the connection that broke off stands for, if anything; each is told once."""
        self._meaning, meaning = None, self._meaning
        return meaning

    def respond(self, request: Request) -> Response:
        """Answer one request."""
        if request.headers.get("Host", "").startswith(AWAY):
            self.strays += 1
        if request.path == LOOP:
            return redirect(request.headers["Host"], LOOP)
        return super().respond(request)

    def perform(self, request: Request, action: Callable[[], Response]) -> Response:
        """Play the step that comes next, and then what is late."""
        match = OPERATION.fullmatch(request.path)
        call = Call(API[match["operation"]] if match else Operation.COMMAND, request, action)
        late: deque[Callable[[], Response]] = deque()
        with self._taking:
            self.calls.append(call)
            step = next((step for step in self._script if step.fits(call)), None)
            if step:
                self._script.remove(step)
                self.played[step] += 1
            if call.operation in REACHES_AIRFLOW:
                late, self.late = self.late, late
        try:
            return step.play(self, call) if step else self._shown(call)
        finally:
            for do in late:
                do()

    def _shown(self, call: Call) -> Response:
        response = call.action()
        if call.operation is Operation.GET_ENVIRONMENT and self.shown and response.status == 200:
            fields = {**json.loads(response.body)["Environment"], **self.shown}
            present = {name: field for name, field in fields.items() if field is not None}
            return success({"Environment": present})
        return response


def redirect(host: str, path: str) -> Response:
    """Return a redirect."""
    return Response(307, headers={"Location": f"https://{host}{path}"})


def client(mwaa: FakeMwaa, clock: Clock, *, read_timeout: float = PATIENCE_S) -> MWAAClient:
    """Create a client of the MWAA API that gives up after so many real seconds, and tries once.

    It signs nothing: the front checks no signature, and to sign takes a tenth of the time of a call.
    """

    def needs_retry(caught_exception: Exception | None, **_: object) -> None:
        meaning = mwaa.meaning() if caught_exception else None
        if isinstance(meaning, TimeoutError):
            clock.now += API_READ_SECONDS
            raise ReadTimeoutError(endpoint_url=mwaa.hostname)
        if meaning:
            raise meaning

    made = botocore.session.get_session().create_client(
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
    made.meta.events.register("needs-retry.mwaa", needs_retry)
    return cast("MWAAClient", made)


def endpoint(mwaa: FakeMwaa) -> dict[str, str]:
    """Return the variables by which a client that is not ours finds it."""
    return {
        "AWS_ENDPOINT_URL": f"https://{mwaa.hostname}",
        "AWS_CA_BUNDLE": str(mwaa.ca_file),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


class Patient(HTTPAdapter):
    """Waits for its answer however slow the machine is, and not at all where none comes.

    Then the clock moves on as far as it really would.
    """

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
            return super().send(request, stream, PATIENCE_S, verify, cert, proxies)
        except requests.ConnectionError:
            meaning = self._mwaa.meaning()
            if isinstance(meaning, TimeoutError):
                self._clock.now += timeout[1]
                raise requests.ReadTimeout from None
            if meaning:
                raise meaning from None
            raise
