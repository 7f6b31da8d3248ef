"""The MWAA environments: their versions, tokens and statuses."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import (
    DagNotFound,
    DagRunNotFound,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    MwaaUnavailable,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.client import (
    API_CONNECT_SECONDS,
    API_READ_SECONDS,
    INVALID_RESPONSE_ERRORS,
    MAX_IDLE_SECONDS,
    error_code,
    raise_client_error,
    raise_no_response,
)

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient
    from mypy_boto3_mwaa.type_defs import EnvironmentTypeDef

logger = logging.getLogger(__name__)

STATUS_SECONDS = API_CONNECT_SECONDS + API_READ_SECONDS + 1
"""The time to get an environment's status and to report it."""
TOKEN_SECONDS = 45.0
"""A token is valid for 60 s (AWS: "Creating an Apache Airflow CLI token"); its command needs 15 s."""

# AWS: "Amazon MWAA API Reference, Environment". After UPDATE_FAILED the environment "was restored
# to its previous state successfully and is ready to use".
_READY = {"AVAILABLE", "UPDATE_FAILED"}
_UNUSABLE = {"CREATE_FAILED", "DELETING", "DELETED"}
_STRING_FIELDS = ("AirflowVersion", "Status", "WebserverUrl")


@dataclass(frozen=True, order=True)
class AirflowVersion:
    """A version of Airflow. Versions are compared by major and minor."""

    major: int
    minor: int
    text: str = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class CliToken:
    """A token for the CLI endpoint of a web server, valid until the clock shows `expires`."""

    hostname: str
    secret: str = field(repr=False)
    expires: float


class Environments:
    """The environments of an account and Region. Versions and tokens are cached.

    Parameters
    ----------
    client
        The client of the MWAA API.
    clock
        Returns seconds that never decrease.
    """

    def __init__(self, client: MWAAClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._last_used = clock()
        self._versions: dict[str, tuple[AirflowVersion, float]] = {}
        self._tokens: dict[str, CliToken] = {}

    def client(self) -> MWAAClient:
        """Return the client of the MWAA API. Close its connections if they were idle too long."""
        now = self._clock()
        if now - self._last_used > MAX_IDLE_SECONDS:
            self._client.close()
        self._last_used = now
        return self._client

    def airflow_version(self, name: str) -> AirflowVersion:
        """Return the environment's version of Airflow, at most as old as a token can be.

        If the MWAA API is not available, the previous version remains.

        The status is irrelevant for an environment with a web server and a version: the web server
        is available for most of the time of an update.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaBusy, MwaaUnavailable
            If the MWAA API returns no version.
        """
        version, expires = self._versions.get(name, (None, 0.0))
        if version is None or self._clock() >= expires:
            requested_at = self._clock()
            try:
                environment = self._get_environment(name)
            except (MwaaBusy, MwaaUnavailable) as error:
                if version is None:
                    raise
                logger.warning("The version of Airflow cannot be read again: %s", error.problem)
                return version
            text = environment.get("AirflowVersion", "")
            numbers = re.match(r"(\d+)\.(\d+)", text)
            if not numbers or not environment.get("WebserverUrl"):
                raise EnvironmentNotReady(
                    f"MWAA environment {name} has no web server yet: its status is "
                    f"{environment.get('Status') or 'unknown'}. Try again later."
                )
            version = AirflowVersion(int(numbers[1]), int(numbers[2]), text)
            self._versions[name] = version, requested_at + TOKEN_SECONDS
        return version

    def cli_token(self, name: str) -> CliToken:
        """Return a CLI token for the environment.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaBusy, MwaaUnavailable
            If the MWAA API returns no token.
        """
        token = self._tokens.get(name)
        if token is None or self._clock() >= token.expires:
            token = self._tokens[name] = self._create_cli_token(name)
        return token

    def unready_status(self, name: str) -> str | None:
        """Return the environment's status if it explains failures, else None."""
        try:
            status = self._get_environment(name).get("Status", "")
        except TriggerError as error:
            logger.warning("Cannot get the environment's status: %s", error.problem)
            return None
        return None if status in _READY else status

    def forget(self, name: str) -> None:
        """Drop what is cached: the environment may have been updated, upgraded or recreated."""
        self._versions.pop(name, None)
        self._tokens.pop(name, None)

    def raise_not_found(self, name: str, action: str) -> NoReturn:
        """Raise the error for a call that did not find the environment."""
        self.forget(name)
        self.airflow_version(name)  # raises if the environment does not exist or is not ready
        raise MwaaUnavailable(
            f"{action} did not find MWAA environment {name}, but GetEnvironment did. Try again."
        )

    def _get_environment(self, name: str) -> EnvironmentTypeDef:
        try:
            environment = self.client().get_environment(Name=name)["Environment"]
            # botocore does not check the types of fields.
            if not all(isinstance(environment.get(field, ""), str) for field in _STRING_FIELDS):
                raise ResponseParserError("A field is not a string.")
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                raise EnvironmentNotFound(
                    f"MWAA environment {name} does not exist in this account and Region. Check "
                    "mwaa_env_name."
                ) from None
            self._raise_client_error(error, "GetEnvironment", name)
        except (BotoCoreError, *INVALID_RESPONSE_ERRORS) as error:
            raise_no_response(error, "GetEnvironment", name)
        if environment.get("Status") in _UNUSABLE:
            raise EnvironmentNotFound(
                f"MWAA environment {name} cannot be used: its status is {environment['Status']}. "
                "Recreate it, or check mwaa_env_name."
            )
        return environment

    def _raise_client_error(self, error: ClientError, action: str, name: str) -> NoReturn:
        advice = f"Allow the function's role to use airflow:{action} on environment/{name}."
        raise_client_error(error, action, name, advice=advice)

    def _create_cli_token(self, name: str) -> CliToken:
        requested_at = self._clock()
        try:
            response = self.client().create_cli_token(Name=name)
            hostname, secret = response["WebServerHostname"], response["CliToken"]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                self.raise_not_found(name, "CreateCliToken")
            self._raise_client_error(error, "CreateCliToken", name)
        except (BotoCoreError, *INVALID_RESPONSE_ERRORS) as error:
            raise_no_response(error, "CreateCliToken", name)
        return CliToken(hostname=hostname, secret=secret, expires=requested_at + TOKEN_SECONDS)


def add_environment_status(
    error: TriggerError, environments: Environments, name: str, deadline: Deadline
) -> TriggerError:
    """Return the error, or `EnvironmentNotReady` if the environment's status may explain it."""
    # During an upgrade, Airflow may not know its DAGs for a while (apache/airflow#48234, #45362).
    unclear = error.transient or isinstance(error, DagNotFound | DagRunNotFound)
    explained = isinstance(error, EnvironmentNotReady)
    if explained or not unclear or deadline.time_left() < STATUS_SECONDS:
        return error
    status = environments.unready_status(name)
    if status is None:
        return error
    return EnvironmentNotReady(
        f"{error.problem} The status of MWAA environment {name} is {status}. Try again when it is "
        "AVAILABLE."
    )
