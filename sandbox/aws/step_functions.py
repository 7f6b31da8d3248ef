"""What moto's Step Functions lacks: two actions, checks of definitions, and task credentials that are real."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.config import Config
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import (
    StateCredentials,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from sandbox.asl import Diagnostic, diagnose
from sandbox.aws.api_requests import InvalidRequestError
from sandbox.aws.authorizer import AccessDenied, Authorizer
from sandbox.aws.failures import failure
from sandbox.aws.sessions import new_session

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

# A task may last as long as a Lambda may.
_TASK_TIMEOUT_SECONDS = 900
# "CreateStateMachine" in the AWS Step Functions API Reference.
_MAX_DEFINITION_BYTES = 1_048_576


def validate_definition(request: dict[str, Any]) -> dict[str, Any]:
    """Answer ValidateStateMachineDefinition, which the Terraform provider calls at plan and moto does not know."""
    diagnostics = _diagnose(request["definition"])
    if not diagnostics:
        try:
            # What moto cannot run, it would refuse at the apply.
            AmazonStateLanguageParser.parse(request["definition"])
        except Exception as error:  # noqa: BLE001 - the parser raises whatever its grammar runs into
            diagnostics = [Diagnostic("SCHEMA_VALIDATION_FAILED", str(error))]
    return {
        "result": "FAIL" if diagnostics else "OK",
        "diagnostics": [
            {"severity": "ERROR", **{name: text for name, text in asdict(found).items() if text}}
            for found in diagnostics
        ],
        "truncated": False,
    }


def refuse_definition(request: dict[str, Any]) -> None:
    """Refuse a CreateStateMachine or UpdateStateMachine whose definition is invalid; let moto answer the others."""
    diagnostics = _diagnose(request["definition"]) if "definition" in request else []
    if diagnostics:
        reasons = ", ".join(map(str, diagnostics))
        raise InvalidRequestError(
            "InvalidDefinition", f"Invalid State Machine Definition: '{reasons}'"
        )


def _diagnose(definition: str) -> list[Diagnostic]:
    if len(definition.encode()) > _MAX_DEFINITION_BYTES:
        raise InvalidRequestError(
            "ValidationException",
            "1 validation error detected: Value at 'definition' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MAX_DEFINITION_BYTES}",
        )
    return diagnose(definition)


def list_versions(_: dict[str, Any]) -> dict[str, Any]:
    """Answer ListStateMachineVersions: none are published. The Terraform provider calls it at apply."""
    return {"stateMachineVersions": []}


def name_execution(request: dict[str, Any]) -> dict[str, Any]:
    """Name a StartExecution that has no name, as AWS does; moto calls it `None`."""
    return {"name": str(uuid.uuid4()), **request}


def switch_tracing_off(request: dict[str, Any]) -> dict[str, Any]:
    """Write `enabled` into an UpdateStateMachine whose tracing configuration is empty.

    The Terraform provider leaves a false out; for AWS it is off then, for moto as it was.
    """
    if request.get("tracingConfiguration") == {}:
        return {**request, "tracingConfiguration": {"enabled": False}}
    return request


COMPLETED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "StartExecution": name_execution,
    "UpdateStateMachine": switch_tracing_off,
}
"""Requests that moto understands only with something more in them."""

ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "CreateStateMachine": refuse_definition,
    "ListStateMachineVersions": list_versions,
    "UpdateStateMachine": refuse_definition,
    "ValidateStateMachineDefinition": validate_definition,
}
"""Requests that are answered or refused here; moto answers those for which this is None."""


@dataclass
class TaskSession(StateCredentials):  # type: ignore[misc]  # moto is not typed here
    """The keys with which a task calls AWS."""

    access_key: str
    secret_key: str
    token: str


class TaskCredentials:
    """Makes moto's tasks call AWS as Step Functions does: with a session of the state machine's role, or
    of the role in `Credentials`, assumed from it with the state machine's ARN as external id.

    AWS page "Accessing resources in other AWS accounts in Step Functions". moto reads `Credentials`, and then
    calls with fixed keys of a fixed account.
    """

    def __init__(self, authorizer: Authorizer, endpoint: str) -> None:
        self._authorizer = authorizer
        self._endpoint = endpoint
        # A session may make only one client at a time.
        self._boto = new_session()
        self._one_at_a_time = Lock()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Take the place of moto's own in this process while the `with` lasts."""
        evaluate_role = StateTask._eval_state_credentials

        def with_session(task: StateTask, env: Environment) -> StateCredentials:
            return self.session(env, evaluate_role(task, env).role_arn)

        with (
            patch.object(StateTask, "_eval_state_credentials", with_session),
            patch.object(lambda_eval_utils, "boto_client_for", self.client),
        ):
            yield

    def session(self, env: Environment, role_arn: str) -> TaskSession:
        """Return a session of the role, or fail the state with the words of AWS."""
        execution_role: str = env.aws_execution_details.role_arn
        region: str = env.aws_execution_details.region
        state_machine: str = env.states.context_object.context_object_data["StateMachine"]["Id"]
        try:
            own = self._authorizer.assume_as_service(
                "states.amazonaws.com",
                role_arn=execution_role,
                region=region,
                context={
                    "aws:SourceAccount": state_machine.split(":")[4],
                    "aws:SourceArn": state_machine,
                },
            )
            session = TaskSession(
                role_arn, own.access_key_id, own.secret_access_key, own.session_token
            )
            if role_arn == execution_role:
                return session
            return self._assume(session, region=region, external_id=state_machine)
        except AccessDenied as denied:
            raise failure(env, str(denied)) from denied
        except ClientError as refused:
            raise failure(
                env,
                f"The role {execution_role} is not authorized to assume the task state's role, {role_arn}.",
            ) from refused

    def authorize(
        self, env: Environment, session: TaskSession, *, action: str, resource: str
    ) -> None:
        """Fail the state if the session's role may not do what Step Functions does as this role itself."""
        caller = self._authorizer.caller(session.access_key)
        try:
            self._authorizer.authorize(caller, action=action, resources=[resource])
        except AccessDenied as denied:
            raise failure(env, str(denied)) from denied

    def _assume(self, session: TaskSession, *, region: str, external_id: str) -> TaskSession:
        sts = self.client(region, "sts", session)
        assumed: CredentialsTypeDef = sts.assume_role(
            RoleArn=session.role_arn, RoleSessionName="states", ExternalId=external_id
        )["Credentials"]
        return TaskSession(
            session.role_arn,
            assumed["AccessKeyId"],
            assumed["SecretAccessKey"],
            assumed["SessionToken"],
        )

    def client(self, region: str, service: str, state_credentials: TaskSession) -> Any:
        """Return a boto3 client of the local AWS with these keys, in the place of moto's `boto_client_for`."""
        with self._one_at_a_time:
            return self._boto.client(
                service,  # type: ignore[call-overload]  # the stubs know services by literal names
                region_name=region,
                endpoint_url=self._endpoint,
                aws_access_key_id=state_credentials.access_key,
                aws_secret_access_key=state_credentials.secret_key,
                aws_session_token=state_credentials.token,
                config=Config(
                    parameter_validation=False,
                    read_timeout=_TASK_TIMEOUT_SECONDS,
                    retries={"total_max_attempts": 1},
                    # Not every resolver knows `BUCKET.localhost`.
                    s3={"addressing_style": "path"},
                ),
            )
