"""Scripted answers, as steps of a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from sandbox.mwaa.api import failure, rest_failure, success
from sandbox.mwaa.front import envelope
from sandbox.mwaa.http import Response
from tests.support.fake_mwaa.broken_responses import Endless
from tests.support.fake_mwaa.server import Call, FakeMwaa, Operation
from tests.support.transcripts import Printed


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer of one operation."""

    operation: Operation
    respond: Callable[[FakeMwaa, Call], Response]

    def fits(self, call: Call) -> bool:
        """Tell whether the call is for this operation."""
        return call.operation is self.operation

    def play(self, mwaa: FakeMwaa, call: Call) -> Response:
        """Return it."""
        return self.respond(mwaa, call)


def answer(operation: Operation, response: Response) -> Answer:
    """Answer so."""
    return Answer(operation, lambda *_: response)


def after(action: Callable[[], object], step: Answer) -> Answer:
    """Answer so, and have something happen just before."""

    def respond(mwaa: FakeMwaa, call: Call) -> Response:
        action()
        return step.respond(mwaa, call)

    return Answer(step.operation, respond)


def endless(operation: Operation, *, at_once: int = 0, drips: bool = False) -> Answer:
    """Begin an answer that does not end; see `Endless`."""
    return Answer(
        operation, lambda mwaa, _: Endless(released=mwaa.released, at_once=at_once, drips=drips)
    )


def raises(operation: Operation, error: Exception) -> Answer:
    """Have the client's library raise this; see `FakeMwaa.break_off`."""
    return Answer(operation, lambda mwaa, _: mwaa.break_off(error))


def error(operation: Operation, status: int, code: str, message: str = "no") -> Answer:
    """Answer an error of AWS's own."""
    return answer(operation, failure(HTTPStatus(status), code, message))


def printed(stdout: str, stderr: str = "", status: int = 200) -> Answer:
    """Answer a command with what it printed."""
    return command(envelope(HTTPStatus(status), stdout.encode(), stderr.encode()))


def said(recorded: Printed) -> Answer:
    """Answer a command with what was recorded."""
    return printed(recorded.stdout, recorded.stderr)


def command(response: Response) -> Answer:
    """Answer a command so."""
    return answer(Operation.COMMAND, response)


def web(status: int, body: object) -> Answer:
    """Pass on an answer of Airflow's web server as InvokeRestApi does."""
    if status >= HTTPStatus.BAD_REQUEST:
        return answer(Operation.INVOKE_REST_API, rest_failure(status, body))
    passed_on = {"RestApiStatusCode": status, "RestApiResponse": body}
    return answer(Operation.INVOKE_REST_API, success(passed_on))


def refused(status: int, code: str, message: str = "no") -> Answer:
    """Answer InvokeRestApi with an error of AWS's own."""
    return error(Operation.INVOKE_REST_API, status, code, message)
