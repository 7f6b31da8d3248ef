"""MWAA environments as the MWAA API shows them, remembered while the container lives."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, cast

import botocore.config
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from mwaa_dags_trigger.errors import (
    AccessDenied,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
)

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

TOKEN_LIFE_S = 45.0
"""A token lives 60 s (AWS: "Creating an Apache Airflow CLI token"); 15 s are for its command."""

# AWS: "Amazon MWAA API Reference, Environment". After UPDATE_FAILED the environment "was restored
# to its previous state successfully and is ready to use".
_USABLE = {"AVAILABLE", "UPDATE_FAILED"}
_GONE = {"CREATE_FAILED", "DELETING", "DELETED"}

# At DEBUG botocore logs the answer of CreateCliToken, token and all.
logging.getLogger("botocore").setLevel(logging.INFO)


@dataclass(frozen=True, order=True)
class AirflowVersion:
    """A version of Airflow; it compares by major and minor."""

    major: int
    minor: int
    text: str = field(compare=False)


@dataclass(frozen=True, kw_only=True)
class CliToken:
    """A token for the CLI endpoint of one web server, good until `expires` on the clock."""

    hostname: str
    secret: str = field(repr=False)
    expires: float


def mwaa_client() -> MWAAClient:
    """Make the client of the MWAA API.

    From `botocore` and not from `boto3`, whose start-up goes into a transfer manager that is of no
    use here.
    """
    config = botocore.config.Config(
        connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
    )
    return cast("MWAAClient", botocore.session.get_session().create_client("mwaa", config=config))


class Environments:
    """The environments of one account and Region.

    Parameters
    ----------
    client
        Of the MWAA API.
    clock
        Seconds that never go back.
    """

    def __init__(self, client: MWAAClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._versions: dict[str, AirflowVersion] = {}
        self._tokens: dict[str, CliToken] = {}

    def airflow_version(self, name: str) -> AirflowVersion:
        """Give the environment's Airflow version, asking only once.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaUnavailable
            By what the MWAA API says of it.
        """
        if name not in self._versions:
            self._versions[name] = self._get_environment(name)
        return self._versions[name]

    def cli_token(self, name: str) -> CliToken:
        """Give a CLI token for the environment, the last one while it is good.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaUnavailable
            By what the MWAA API says of it.
        """
        token = self._tokens.get(name)
        if token is None or self._clock() >= token.expires:
            token = self._tokens[name] = self._create_cli_token(name)
        return token

    def forget(self, name: str) -> None:
        """Ask anew next time: the environment may be updated, upgraded or made anew by now."""
        self._versions.pop(name, None)
        self._tokens.pop(name, None)

    def _get_environment(self, name: str) -> AirflowVersion:
        try:
            environment = self._client.get_environment(Name=name)["Environment"]
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                raise EnvironmentNotFound(
                    f"There is no MWAA environment {name} in this account and Region. "
                    "Check mwaa_env_name."
                ) from None
            _raise_for(error, "GetEnvironment", name)
        except BotoCoreError as error:
            _raise_unreachable(error, "GetEnvironment", name)
        status: str = environment.get("Status", "")
        if status in _GONE:
            raise EnvironmentNotFound(
                f"MWAA environment {name} cannot be used: its status is {status}. "
                "Create it anew, or check mwaa_env_name."
            )
        if status not in _USABLE:
            raise EnvironmentNotReady(
                f"MWAA environment {name} is not ready: its status is {status or 'not given'}. "
                "Try again when it is AVAILABLE."
            )
        text = environment.get("AirflowVersion", "")
        numbers = re.match(r"(\d+)\.(\d+)", text)
        if not numbers:
            raise EnvironmentNotReady(
                f"MWAA environment {name} is {status}, but shows no Airflow version yet. Try again."
            )
        return AirflowVersion(int(numbers[1]), int(numbers[2]), text)

    def _create_cli_token(self, name: str) -> CliToken:
        asked_at = self._clock()
        try:
            answer = self._client.create_cli_token(Name=name)
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                self._raise_tokenless(name)
            _raise_for(error, "CreateCliToken", name)
        except BotoCoreError as error:
            _raise_unreachable(error, "CreateCliToken", name)
        return CliToken(
            hostname=answer["WebServerHostname"],
            secret=answer["CliToken"],
            expires=asked_at + TOKEN_LIFE_S,
        )

    def _raise_tokenless(self, name: str) -> NoReturn:
        # Not found by CreateCliToken may also mean not ready: GetEnvironment tells which.
        self.forget(name)
        self.airflow_version(name)
        raise MwaaUnavailable(
            f"CreateCliToken does not find MWAA environment {name}, which GetEnvironment shows as "
            "ready. This try started nothing. Try again."
        )


def _raise_for(error: ClientError, action: str, name: str) -> NoReturn:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if status == 403 or code.startswith("AccessDenied"):
        raise AccessDenied(
            f"AWS refused {action} for MWAA environment {name} ({code}). Allow the function's role "
            f"airflow:{action} on environment/{name}."
        ) from None
    raise MwaaUnavailable(
        f"{action} for MWAA environment {name} failed ({code}). This try started "
        "nothing. Try again."
    ) from None


def _raise_unreachable(error: BotoCoreError, action: str, name: str) -> NoReturn:
    raise MwaaUnavailable(
        f"{action} for MWAA environment {name} got no answer ({type(error).__name__}). This try "
        "started nothing. Check that the function's network reaches the MWAA API."
    ) from None


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "Unknown")
