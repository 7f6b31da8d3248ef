"""Scripted responses, as steps of a script."""

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
class ScriptedResponse:
    """The response to one operation."""

    operation: Operation
    respond: Callable[[FakeMwaa, Call], Response]

    def fits(self, call: Call) -> bool:
        """Return whether the call is of this operation."""
        return call.operation is self.operation

    def play(self, mwaa: FakeMwaa, call: Call) -> Response:
        """Return the response."""
        return self.respond(mwaa, call)


def respond(operation: Operation, response: Response) -> ScriptedResponse:
    """Return a step with this response."""
    return ScriptedResponse(operation, lambda *_: response)


def after(action: Callable[[], object], step: ScriptedResponse) -> ScriptedResponse:
    """Return the step, preceded by an action."""

    def respond(mwaa: FakeMwaa, call: Call) -> Response:
        action()
        return step.respond(mwaa, call)

    return ScriptedResponse(step.operation, respond)


def endless(operation: Operation, *, at_once: int = 0, drips: bool = False) -> ScriptedResponse:
    """Return a step whose response does not end; see `Endless`."""
    return ScriptedResponse(
        operation, lambda mwaa, _: Endless(released=mwaa.released, at_once=at_once, drips=drips)
    )


def raises(operation: Operation, error: Exception) -> ScriptedResponse:
    """Return a step at which the client library raises this error; see `FakeMwaa.break_off`."""
    return ScriptedResponse(operation, lambda mwaa, _: mwaa.break_off(error))


def error(operation: Operation, status: int, code: str, message: str = "no") -> ScriptedResponse:
    """Return a step whose response is an error of AWS itself."""
    return respond(operation, failure(HTTPStatus(status), code, message))


def printed(stdout: str, stderr: str = "", status: int = 200) -> ScriptedResponse:
    """Return the response to a command that printed this."""
    return command(envelope(HTTPStatus(status), stdout.encode(), stderr.encode()))


def replay(recorded: Printed) -> ScriptedResponse:
    """Return the response to a command with its recorded output."""
    return printed(recorded.stdout, recorded.stderr)


def command(response: Response) -> ScriptedResponse:
    """Return a step with this response to a command."""
    return respond(Operation.COMMAND, response)


def web(status: int, body: object) -> ScriptedResponse:
    """Return the response of InvokeRestApi to this response of the web server of Airflow."""
    if status >= HTTPStatus.BAD_REQUEST:
        return respond(Operation.INVOKE_REST_API, rest_failure(status, body))
    response = {"RestApiStatusCode": status, "RestApiResponse": body}
    return respond(Operation.INVOKE_REST_API, success(response))


def refused(status: int, code: str, message: str = "no") -> ScriptedResponse:
    """Return the response to InvokeRestApi that is an error of AWS itself."""
    return error(Operation.INVOKE_REST_API, status, code, message)
