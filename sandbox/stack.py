"""The whole sandbox: a real Airflow, MWAA's front before it, and the two accounts."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sandbox.aws import AwsServer
from sandbox.aws.accounts import REGION, TARGET_ACCOUNT
from sandbox.mwaa.airflow import Airflow
from sandbox.mwaa.front import MwaaFront
from sandbox.mwaa.install import AirflowInstallation

ENVIRONMENT_NAME = "sandbox"
_READY_SECONDS = 180.0


class Sandbox:
    """Context manager: `aws` answers at once, Airflow is ready when `wait_ready` returns.

    Parameters
    ----------
    installation
        The Airflow to run.
    directory
        For logs, databases and keys; it is made, and left for whoever wants to read the logs.
    """

    def __init__(self, installation: AirflowInstallation, directory: Path) -> None:
        self._installation = installation
        self._directory = directory
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._directory.mkdir(parents=True, exist_ok=True)
            self.airflow = Airflow(self._installation, self._directory / "airflow")
            self._boot(stack)
            self.front = stack.enter_context(
                MwaaFront({ENVIRONMENT_NAME: self.airflow}, self._directory)
            )
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

    @property
    def logs(self) -> Path:
        """Where everything that runs here writes its logs."""
        return self._directory

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

    def wait_ready(self) -> None:
        """Return once Airflow can run a DAG; raise `UserError` if it cannot be started."""
        self._booted.result()

    def _boot(self, stack: ExitStack) -> None:
        """Start Airflow beside everything else: it takes longest."""
        stack.callback(self.airflow.stop)
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="airflow"))
        self._booted: Future[None] = pool.submit(self._start_airflow)

    def _start_airflow(self) -> None:
        self.airflow.start()
        self.airflow.wait_ready(_READY_SECONDS)
