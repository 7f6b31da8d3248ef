"""The whole sandbox: two accounts, and a real Airflow behind the API of MWAA."""

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
    """Context manager: two AWS accounts with an Airflow as the MWAA environment `sandbox`.

    Parameters
    ----------
    airflow
        A started Airflow. It does not have to be ready.
    directory
        Directory for logs and keys. It is created, and remains for the logs.
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
        """Return a session of the deployed source role, assumed by Step Functions for its state machine."""
        return self.aws.service_session(
            "states.amazonaws.com",
            role_arn=outputs["source_role_arn"],
            context={
                "aws:SourceAccount": SOURCE_ACCOUNT,
                "aws:SourceArn": outputs["state_machine_arn"],
            },
        )

    def task_session(self, outputs: Mapping[str, str]) -> boto3.Session:
        """Return a session of the deployed target role, assumed by the source role with its external ID."""
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
        """Environment variables that connect Terraform, boto3 and the AWS CLI to this sandbox."""
        return {
            **self.aws.environment,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,  # read by boto3
        }
