"""The whole sandbox: the two accounts, and MWAA's front before a real Airflow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import boto3

from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, SOURCE_ACCOUNT, TARGET_ACCOUNT
from sandbox.aws.sessions import new_session
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.front import MwaaFront

ENVIRONMENT_NAME = "sandbox"


class Sandbox:
    """Context manager: an Airflow as the MWAA environment `sandbox` of two AWS accounts.

    Parameters
    ----------
    airflow
        It is started already, but need not be ready.
    directory
        For logs and keys; it is made, and left for whoever wants to read the logs.
    """

    def __init__(self, airflow: Airflow, directory: Path) -> None:
        self.airflow = airflow
        self.logs = directory
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.logs.mkdir(parents=True, exist_ok=True)
            self.front = stack.enter_context(MwaaFront({ENVIRONMENT_NAME: self.airflow}, self.logs))
            self.aws = stack.enter_context(
                AwsServer(
                    {TARGET_ACCOUNT: self.front},
                    lambda_environment={"REQUESTS_CA_BUNDLE": str(self.front.ca_file)},
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def source_session(self, outputs: Mapping[str, str]) -> boto3.Session:
        """Return a session of the deployed source role, as Step Functions gets it for its state machine."""
        return self.aws.service_session(
            "states.amazonaws.com",
            role_arn=outputs["source_role_arn"],
            context={
                "aws:SourceAccount": SOURCE_ACCOUNT,
                "aws:SourceArn": outputs["state_machine_arn"],
            },
        )

    def task_session(self, outputs: Mapping[str, str]) -> boto3.Session:
        """Return a session of the deployed target role, as the source gets it with its external id."""
        source = self.source_session(outputs).client("sts", endpoint_url=self.aws.url)
        assumed = source.assume_role(
            RoleArn=outputs["target_role_arn"],
            RoleSessionName="task",
            ExternalId=outputs["state_machine_arn"],
        )["Credentials"]
        return new_session(
            access_key=assumed["AccessKeyId"],
            secret_key=assumed["SecretAccessKey"],
            token=assumed["SessionToken"],
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that move Terraform, boto3 and the AWS CLI to this sandbox."""
        return {
            **self.aws.environment,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,  # the one that boto3 reads
        }
