"""The two AWS accounts: clients, and errors of AWS as one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from botocore.loaders import Loader, create_loader

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_mwaa import MWAAClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=16,
    retries={"mode": "adaptive", "total_max_attempts": 10},
    s3={"addressing_style": "path"},
)
# The first call. Without a network, more attempts would only take time.
_IDENTITY = _CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 3}))
# An invocation that was sent again could run twice. It takes at most the 15 minutes of a Lambda function.
_INVOCATION = Config(connect_timeout=5, read_timeout=910, retries={"total_max_attempts": 1})
_LOG_IN = "log in again, for example with `aws sso login`"
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}
_DENIED = {"AccessDenied", "AccessDeniedException"}


@dataclass(frozen=True)
class Account:
    """boto3 clients for one account.

    Parameters
    ----------
    side
        `source` or `target`.
    session
        The session of the user's profile.
    region
        The Region of the state machine.
    """

    side: str
    session: boto3.Session = field(repr=False)
    region: str

    @cached_property
    def account_id(self) -> str:
        """The account that the credentials belong to."""
        return self.session.client(
            "sts", region_name=self.region, config=_IDENTITY
        ).get_caller_identity()["Account"]

    @cached_property
    def iam(self) -> IAMClient:
        """IAM."""
        return self.session.client("iam", region_name=self.region, config=_CONFIG)

    @cached_property
    def functions(self) -> LambdaClient:
        """Lambda."""
        return self.session.client("lambda", region_name=self.region, config=_CONFIG)

    @cached_property
    def invocations(self) -> LambdaClient:
        """Lambda, for calls of Invoke, which are never repeated."""
        return self.session.client("lambda", region_name=self.region, config=_INVOCATION)

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        return self.session.client("logs", region_name=self.region, config=_CONFIG)

    @cached_property
    def mwaa(self) -> MWAAClient:
        """MWAA."""
        return self.session.client("mwaa", region_name=self.region, config=_CONFIG)

    @cached_property
    def s3(self) -> S3Client:
        """S3."""
        return self.session.client("s3", region_name=self.region, config=_CONFIG)

    @cached_property
    def states(self) -> SFNClient:
        """Step Functions."""
        return self.session.client("stepfunctions", region_name=self.region, config=_CONFIG)


def open_account(side: str, profile: str | None, *, region: str) -> Account:
    """Return the account of a profile, or of the default credentials."""
    session = botocore.session.Session()
    session.register_component("data_loader", _models())
    return Account(side, boto3.Session(profile_name=profile, botocore_session=session), region)


@cache
def _models() -> Loader:
    """Return the models of AWS services. Each session would otherwise read them again, for a tenth of a second."""
    return create_loader()


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def explain(error: BotoCoreError | ClientError) -> str:
    """Return what happened and what to do, in one sentence."""
    if isinstance(error, ClientError):
        return _explain_code(error)
    match error:
        case ProfileNotFound():
            return f"{error}: choose one of the profiles that `aws configure list-profiles` shows."
        case NoCredentialsError() | PartialCredentialsError():
            return "There are no AWS credentials: set --source-profile, or log in."
        case SSOError() | TokenRetrievalError():
            return f"The AWS login has expired: {_LOG_IN}."
        case AwsConnectionError() | HTTPClientError():
            return "AWS cannot be reached: check the network connection and the proxy settings."
    return f"The call to AWS failed: {error}"


def _explain_code(error: ClientError) -> str:
    code, call = error_code(error), error.operation_name
    if code in _EXPIRED:
        return f"The AWS credentials have expired: {_LOG_IN}."
    if code in _INVALID:
        return "AWS does not know the credentials: check the profile."
    if code == "KmsAccessDeniedException":
        return (
            f"Your credentials do not allow {call}: use another profile, or allow kms:Decrypt on "
            "`encryption.kms_key_arn`."
        )
    if code in _DENIED:
        return (
            f"Your credentials do not allow {call}: use another profile, or add the permissions in "
            "docs/operate-permissions.json."
        )
    message = error.response.get("Error", {}).get("Message", "no message")
    return f"{call} failed ({code}): {message}"
