"""Credentials of tasks in Step Functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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

from sandbox.aws.authorizer import AccessDenied, Authorizer
from sandbox.aws.moto_patches.failures import create_failure
from sandbox.aws.sessions import create_client

if TYPE_CHECKING:
    from mypy_boto3_sts.type_defs import CredentialsTypeDef

# The longest time limit of a Lambda function.
_TASK_TIMEOUT_SECONDS = 900


@dataclass
class TaskSession(StateCredentials):  # type: ignore[misc]  # moto is not typed here
    """The access keys with which a task calls AWS."""

    access_key: str
    secret_key: str
    token: str


class TaskCredentials:
    """Sessions and clients for the tasks of executions."""

    def __init__(self, authorizer: Authorizer, endpoint: str) -> None:
        self._authorizer = authorizer
        self._endpoint = endpoint

    def session(self, env: Environment, role_arn: str) -> TaskSession:
        """Return a session of the role, or fail the state with the error of AWS."""
        execution_role: str = env.aws_execution_details.role_arn
        region: str = env.aws_execution_details.region
        state_machine: str = env.states.context_object.context_object_data["StateMachine"]["Id"]
        try:
            execution_session = self._authorizer.assume_as_service(
                "states.amazonaws.com",
                role_arn=execution_role,
                region=region,
                context={
                    "aws:SourceAccount": state_machine.split(":")[4],
                    "aws:SourceArn": state_machine,
                },
            )
            session = TaskSession(
                role_arn,
                execution_session.access_key_id,
                execution_session.secret_access_key,
                execution_session.session_token,
            )
            if role_arn == execution_role:
                return session
            return self._assume(session, region=region, external_id=state_machine)
        except AccessDenied as error:
            raise create_failure(env, str(error)) from error
        except ClientError as error:
            raise create_failure(
                env,
                f"The role {execution_role} is not authorized to assume the task state's role, {role_arn}.",
            ) from error

    def authorize(
        self, env: Environment, session: TaskSession, *, action: str, resource: str
    ) -> None:
        """Fail the state if the session's role does not allow an action of Step Functions itself."""
        caller = self._authorizer.caller(session.access_key)
        try:
            self._authorizer.authorize(caller, action=action, resources=[resource])
        except AccessDenied as error:
            raise create_failure(env, str(error)) from error

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
        """Return a boto3 client of the local AWS with these keys. Replaces moto's `boto_client_for`."""
        return create_client(
            service,
            self._endpoint,
            access_key=state_credentials.access_key,
            secret_key=state_credentials.secret_key,
            token=state_credentials.token,
            region=region,
            config=Config(
                parameter_validation=False,
                read_timeout=_TASK_TIMEOUT_SECONDS,
                retries={"total_max_attempts": 1},
                # Not every resolver resolves `BUCKET.localhost`.
                s3={"addressing_style": "path"},
            ),
        )


@contextmanager
def patch_task_credentials(credentials: TaskCredentials) -> Iterator[None]:
    """Call AWS with the credentials of the task.

    moto: evaluates `Credentials`, but calls AWS with fixed keys at a fixed port.
    AWS: uses a session of the state machine's role. If the task has `Credentials`, Step Functions assumes that role
    from the state machine's role, with the state machine's ARN as external ID. Source: "Accessing resources in other
    AWS accounts in Step Functions" in the AWS Step Functions Developer Guide.
    Patch: assumes the roles, and creates the clients of Lambda tasks with their sessions.
    """
    evaluate_role = StateTask._eval_state_credentials

    def create_session(task: StateTask, env: Environment) -> StateCredentials:
        return credentials.session(env, evaluate_role(task, env).role_arn)

    with (
        patch.object(StateTask, "_eval_state_credentials", create_session),
        patch.object(lambda_eval_utils, "boto_client_for", credentials.client),
    ):
        yield
