"""The local AWS as one server on loopback."""

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

from sandbox.aws import accounts, log_groups
from sandbox.aws.authorizer import Authorizer
from sandbox.aws.data_limits import data_limited
from sandbox.aws.distributed_map import maps_distributed
from sandbox.aws.event_rules import notification_kept, state_machines_started
from sandbox.aws.execution_context import context_completed
from sandbox.aws.functions import Functions, configuration_kept
from sandbox.aws.gateway import Front, Gateway
from sandbox.aws.jsonata_evaluator import jsonata_evaluated
from sandbox.aws.lambda_runtime import LambdaRuntime, serve
from sandbox.aws.map_items import patch_map_items
from sandbox.aws.map_language import map_fields_parsed
from sandbox.aws.map_storage import maps_over_s3
from sandbox.aws.nested_executions import executions_nested
from sandbox.aws.redrive import redrive_known
from sandbox.aws.sessions import new_session
from sandbox.aws.step_functions import TaskCredentials
from sandbox.aws.stop import patch_stop

_the_one = Lock()


class AwsServer:
    """Context manager: furnished accounts at `url` until it ends.

    moto keeps its state in the process, so there can be one at a time; RuntimeError for another.

    Parameters
    ----------
    mwaa
        What answers MWAA's API, by account id; the other accounts have no environments.
    lambda_environment
        Environment variables that every Lambda process needs here, such as the private CA's file.
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
        if not _the_one.acquire(blocking=False):
            raise RuntimeError("There is a local AWS in this process already: end it first.")
        with ExitStack() as stack:
            stack.callback(_the_one.release)
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
        """The environment variables that move boto3, the AWS CLI and Terraform here from the real AWS."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            # botocore puts `env.` and `api.` before MWAA's host, and not every resolver knows `env.localhost`.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def service_session(
        self, service: str, *, role_arn: str, context: Mapping[str, str]
    ) -> boto3.Session:
        """Return a session of the role as the AWS service would get it; raise `AccessDenied`."""
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
        # The port is known only once the server listens, and the runtime needs it.
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
        stack.enter_context(configuration_kept())
        stack.enter_context(log_groups.completed())
        stack.enter_context(notification_kept())
        stack.enter_context(state_machines_started(self.service_session, self.url))
        stack.enter_context(context_completed())
        stack.enter_context(data_limited())
        stack.enter_context(jsonata_evaluated())
        stack.enter_context(redrive_known())
        stack.enter_context(patch_stop())
        stack.enter_context(map_fields_parsed())
        stack.enter_context(patch_map_items())
        credentials = TaskCredentials(authorizer, self.url)
        stack.enter_context(credentials.in_place())
        for extension in (executions_nested, maps_distributed, maps_over_s3):
            stack.enter_context(extension(credentials))
        accounts.furnish()
        serve(self._server)
        stack.callback(self._server.shutdown)


class _QuietRequestHandler(MotoRequestHandler):  # type: ignore[misc]  # moto is not typed here
    def log_request(self, *_: Any) -> None:
        pass


def _not_ready(*_: Any) -> list[bytes]:
    raise RuntimeError("asked before the gateway was there")
