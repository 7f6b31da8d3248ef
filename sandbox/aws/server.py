"""The local AWS as one server on the loopback interface."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import Any, Self

import boto3
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.aws import accounts
from sandbox.aws.authorizer import Authorizer
from sandbox.aws.functions import Functions
from sandbox.aws.gateway import Front, Gateway
from sandbox.aws.lambda_runtime import LambdaRuntime, serve
from sandbox.aws.moto_patches import create_patches
from sandbox.aws.moto_patches.task_credentials import TaskCredentials
from sandbox.aws.sessions import new_session

_single_instance = Lock()


class AwsServer:
    """Context manager: seeded accounts at `url`.

    moto stores its state in the process, so a second server in one process raises `RuntimeError`.

    Parameters
    ----------
    mwaa
        Implementations of MWAA's API by account ID. The other accounts have no environments.
    lambda_environment
        Environment variables for every Lambda process, such as the file of the private CA.
    """

    def __init__(
        self,
        mwaa: Mapping[str, Front] | None = None,
        *,
        lambda_environment: Mapping[str, str] | None = None,
    ) -> None:
        self._mwaa = dict(mwaa or {})
        self._lambda_environment = dict(lambda_environment or {})
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if not _single_instance.acquire(blocking=False):
            raise RuntimeError("A local AWS is running in this process: stop it first.")
        with ExitStack() as stack:
            stack.callback(_single_instance.release)
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """The address of all services."""
        return f"http://localhost:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables that connect boto3, the AWS CLI and Terraform to this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            # botocore adds `env.` or `api.` to the host of MWAA. Not every resolver resolves `env.localhost`.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def service_session(
        self, service: str, *, role_arn: str, context: Mapping[str, str]
    ) -> boto3.Session:
        """Return a session of the role, assumed by the AWS service. Raises `AccessDenied`."""
        session = self._authorizer.assume_as_service(
            service, role_arn=role_arn, region=accounts.REGION, context=context
        )
        return new_session(
            access_key=session.access_key_id,
            secret_key=session.secret_access_key,
            token=session.session_token,
        )

    def _start(self, stack: ExitStack) -> None:
        default_user_config["lambda"] = {"use_docker": False}
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        self._authorizer = authorizer = Authorizer()
        # The runtime needs the port, which is known when the server listens.
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, _not_ready, threaded=True, request_handler=_QuietRequestHandler
        )
        stack.callback(self._server.server_close)
        runtime = stack.enter_context(
            LambdaRuntime({**self._lambda_environment, **self.environment})
        )
        self._server.app = Gateway(
            authorizer=authorizer,
            functions=Functions(authorizer=authorizer, runtime=runtime),
            mwaa=self._mwaa,
            moto=DomainDispatcherApplication(create_backend_app),
        )
        credentials = TaskCredentials(authorizer, self.url)
        for patch in create_patches(credentials, self.service_session, self.url):
            stack.enter_context(patch)
        accounts.seed_accounts()
        serve(self._server)
        stack.callback(self._server.shutdown)


class _QuietRequestHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is not typed here
    def log_request(self, *_: Any) -> None:
        pass


def _not_ready(*_: Any) -> list[bytes]:
    raise RuntimeError("The server received a request before its gateway was set.")
