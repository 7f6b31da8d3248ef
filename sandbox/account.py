"""Access to an account of the sandbox with one of its roles."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from sandbox.aws.accounts import ADMINISTRATOR_ROLE, REGION
from sandbox.aws.sessions import create_client, new_session
from tools.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CreateBucketConfigurationTypeDef
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef
    from mypy_boto3_sts import STSClient

_POLL_SECONDS = 0.25


class Account:
    """boto3 clients with the session of a role in one account.

    Parameters
    ----------
    endpoint
        URL of the local AWS.
    account_id
        12 digits.
    role
        Name of a role that exists before a deployment.

    Attributes
    ----------
    profile
        The session as settings of an AWS CLI profile.
    session
        The boto3 session, for clients of other services.
    """

    def __init__(self, endpoint: str, account_id: str, *, role: str = ADMINISTRATOR_ROLE) -> None:
        # The local AWS accepts any keys.
        caller: STSClient = create_client("sts", endpoint, access_key="any", secret_key="any")  # noqa: S106
        assumed = caller.assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/{role}",
            RoleSessionName="sandbox",
        )["Credentials"]
        self.profile = {
            "aws_access_key_id": assumed["AccessKeyId"],
            "aws_secret_access_key": assumed["SecretAccessKey"],
            "aws_session_token": assumed["SessionToken"],
        }
        self.session = new_session(
            access_key=assumed["AccessKeyId"],
            secret_key=assumed["SecretAccessKey"],
            token=assumed["SessionToken"],
        )
        self.account_id = account_id
        self._endpoint = endpoint
        # A boto3 session can create only one client at a time.
        self._client_lock = Lock()

    @cached_property
    def iam(self) -> IAMClient:
        """IAM."""
        with self._client_lock:
            return self.session.client("iam", endpoint_url=self._endpoint)

    @cached_property
    def functions(self) -> LambdaClient:
        """Lambda."""
        with self._client_lock:
            return self.session.client("lambda", endpoint_url=self._endpoint)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        with self._client_lock:
            return self.session.client("logs", endpoint_url=self._endpoint)

    @cached_property
    def s3(self) -> S3Client:
        """S3, with the bucket in the path, because not every resolver resolves `BUCKET.localhost`."""
        in_path = Config(s3={"addressing_style": "path"})
        with self._client_lock:
            return self.session.client("s3", endpoint_url=self._endpoint, config=in_path)

    @cached_property
    def states(self) -> SFNClient:
        """Step Functions."""
        with self._client_lock:
            return self.session.client("stepfunctions", endpoint_url=self._endpoint)

    @cached_property
    def sts(self) -> STSClient:
        """STS."""
        with self._client_lock:
            return self.session.client("sts", endpoint_url=self._endpoint)

    def create_bucket(self, name: str) -> None:
        """Create a bucket in the Region of the sandbox."""
        location: CreateBucketConfigurationTypeDef = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration=location)

    def execute(
        self, state_machine_arn: str, event: Mapping[str, Any], *, name: str, timeout: float
    ) -> DescribeExecutionOutputTypeDef:
        """Start an execution and return its description once it has ended.

        Raises
        ------
        UserError
            If it has not ended after `timeout` seconds.
        """
        execution = self.states.start_execution(
            stateMachineArn=state_machine_arn, name=name, input=json.dumps(event)
        )
        return self.wait_for_end(execution["executionArn"], timeout=timeout)

    def wait_for_end(self, execution_arn: str, *, timeout: float) -> DescribeExecutionOutputTypeDef:
        """Return an execution's description once it has ended.

        Raises
        ------
        UserError
            If it has not ended after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            description = self.states.describe_execution(executionArn=execution_arn)
            if description["status"] != "RUNNING":
                return description
            time.sleep(_POLL_SECONDS)
        raise UserError(f"{execution_arn} has not ended after {timeout:.0f} s.")

    def resources(self) -> list[str]:
        """Return the ARNs of all roles, functions, state machines and log groups."""
        roles = [role["Arn"] for role in self.iam.list_roles()["Roles"]]
        functions = [item["FunctionArn"] for item in self.functions.list_functions()["Functions"]]
        machines = [
            item["stateMachineArn"] for item in self.states.list_state_machines()["stateMachines"]
        ]
        groups = [item["arn"] for item in self.logs.describe_log_groups()["logGroups"]]
        return sorted([*roles, *functions, *machines, *groups])
