"""An MWAA that follows a script: the sandbox's own front, and what a test has it answer or do wrong."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

import botocore.session
import pytest
from botocore.config import Config

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
        self.released = threading.Event()
        self._script: deque[Step] = deque()
        self._silences = 0
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

    def settle(self) -> None:
        """Do what is late."""
        while self.late:
            self.late.popleft()()

    def stop(self) -> None:
        """Let go of what hangs, then stop."""
        self.released.set()
        super().stop()
        self._nobody.close()

    def asked(self, operation: Operation) -> list[Request]:
        """Return the requests for one operation, in the order they came."""
        return [call.request for call in self.calls if call.operation is operation]

    @property
    def operations(self) -> list[Operation]:
        """What was asked for, in the order it was."""
        return [call.operation for call in self.calls]

    def be_silent(self) -> NoReturn:
        """Break off in place of an answer that never comes, so that no test has to wait for it."""
        self._silences += 1
        raise ConnectionResetError

    def was_silent(self) -> bool:
        """Tell whether a connection that broke off stands for silence; each is told once."""
        self._silences, silent = 0, self._silences > 0
        return silent

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.headers.get("Host", "").startswith(AWAY):
            self.strays += 1
        if request.path == LOOP:
            return redirect(request.headers["Host"], LOOP)
        return super().answer(request)

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


def client(mwaa: FakeMwaa, read_timeout: float = PATIENCE_S) -> MWAAClient:
    """Make a client of the MWAA API that gives up after so many real seconds, and tries once."""
    config = Config(
        inject_host_prefix=False,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    session = botocore.session.get_session()
    made = session.create_client(
        "mwaa",
        endpoint_url=f"https://{mwaa.hostname}",
        verify=str(mwaa.ca_file),
        config=config,
    )
    return cast("MWAAClient", made)


def isolate(patch: pytest.MonkeyPatch, ca_file: Path) -> None:
    """Let clients trust this CA, and read no configuration of the machine's user."""
    variables = {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "NO_PROXY": "localhost",
        "REQUESTS_CA_BUNDLE": str(ca_file),
    }
    for name, value in variables.items():
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        patch.delenv(name, raising=False)
