"""Invocation of functions that are deployed in moto."""

from __future__ import annotations

import logging
import time

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import make_function_arn
from moto.awslambda_simple.models import lambda_simple_backends
from moto.logs.models import logs_backends

from sandbox.aws.authorizer import AccessDenied, Authorizer, Caller
from sandbox.aws.lambda_runtime import Function, Invocation, LambdaRuntime
from sandbox.aws.moto_patches.function_configuration import logging_config

_log = logging.getLogger(__name__)


class FunctionNotFound(Exception):
    """The function does not exist."""


class FunctionThrottled(Exception):
    """The reserved concurrency of the function is 0, which throttles all invocations.

    Source: "Configuring reserved concurrency for a function" in the AWS Lambda Developer Guide.
    """


class Functions:
    """Functions by name or ARN. Each runs with its own role."""

    def __init__(self, *, authorizer: Authorizer, runtime: LambdaRuntime) -> None:
        self._authorizer = authorizer
        self._runtime = runtime

    @staticmethod
    def arn(name_or_arn: str, *, region: str, account: str) -> str:
        """Return the ARN of a function. Within its account, a caller can also specify the name."""
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        arn: str = make_function_arn(region, account, name_or_arn)
        return arn

    def invoke(self, arn: str, payload: bytes) -> Invocation:
        """Run the function, or the version of its alias, and write its log with the permissions of its role.

        Raises
        ------
        FunctionNotFound
        FunctionThrottled
        AccessDenied
            If Lambda cannot assume the function's role.
        """
        _, _, _, region, account = arn.split(":")[:5]
        try:
            deployed = lambda_simple_backends[account][region].get_function(arn)
        except UnknownFunctionException:
            raise FunctionNotFound(arn) from None
        # Published versions are copies, and the concurrency belongs to the function.
        function = lambda_simple_backends[account][region].get_function(
            ":".join(arn.split(":")[:7])
        )
        if function.reserved_concurrency is not None and int(function.reserved_concurrency) == 0:
            raise FunctionThrottled(arn)
        session = self._authorizer.assume_as_function(arn, role_arn=deployed.role, region=region)
        credentials = {
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
        }
        function = _function(deployed, arn)
        invocation = self._runtime.invoke(function, payload, credentials)
        self._write_log(self._authorizer.caller(session.access_key_id), function, invocation.log)
        return invocation

    def _write_log(self, role: Caller, function: Function, text: str) -> None:
        _, _, _, region, account = function.arn.split(":")[:5]
        group, stream = function.log_group, "sandbox"
        resource = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{stream}"
        try:
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                self._authorizer.authorize(role, action=action, resources=[resource])
        except AccessDenied as denied:
            # As on AWS, a function without permissions for its log runs anyway.
            _log.warning("%s", denied)
            return
        logs = logs_backends[account][region]
        if group not in logs.groups:
            return
        if stream not in logs.groups[group].streams:
            logs.create_log_stream(group, stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in text.splitlines()]
        if events:
            logs.put_log_events(group, stream, events)


def _function(deployed: LambdaFunction, arn: str) -> Function:
    logging = logging_config(deployed)
    return Function(
        arn=arn,
        version=str(deployed.version),
        handler=deployed.handler,
        zip_bytes=deployed.code_bytes,
        timeout=int(deployed.timeout),
        memory_size=int(deployed.memory_size),
        log_format=logging["LogFormat"],
        log_group=logging["LogGroup"],
        log_level=logging.get("ApplicationLogLevel", "INFO"),
        environment=tuple(sorted(deployed.environment_vars.items())),
    )
