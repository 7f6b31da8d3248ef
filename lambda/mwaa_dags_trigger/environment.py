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
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from mwaa_dags_trigger.errors import (
    AccessDenied,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    MwaaUnavailable,
    TriggerError,
)

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient
    from mypy_boto3_mwaa.type_defs import EnvironmentTypeDef

logger = logging.getLogger(__name__)

CONNECT_S = 3.0
READ_S = 12.0
"""Seconds for an answer of the MWAA API; InvokeRestApi itself waits for 10 (AWS: "Using the Apache
Airflow REST API")."""
IDLE_S = 30.0
"""Seconds after which a kept connection is made anew: the far side may have dropped it unseen."""
TOKEN_LIFE_S = 45.0
"""A token lives 60 s (AWS: "Creating an Apache Airflow CLI token"); 15 s are for its command."""

# AWS: "Amazon MWAA API Reference, Environment". After UPDATE_FAILED the environment "was restored
# to its previous state successfully and is ready to use".
_READY = {"AVAILABLE", "UPDATE_FAILED"}
_FIELDS = ("AirflowVersion", "Status", "WebserverUrl")
_GONE = {"CREATE_FAILED", "DELETING", "DELETED"}

# botocore's parser lets Python's own errors through where a body is not the object that it should be.
UNREADABLE = (ResponseParserError, AttributeError, LookupError, TypeError, ValueError)

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


class OneServiceLoader(Loader):
    """A loader that does not go through the directories of all of AWS to find one service's."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the one."""
        del type_name
        return ["mwaa"]


def mwaa_client() -> MWAAClient:
    """Make the client of the MWAA API.

    From `botocore` and not from `boto3`, whose start-up goes into a transfer manager that is of no
    use here. It never tries again by itself: the second answer would hide that the first call may
    have done something.
    """
    config = botocore.config.Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    session = botocore.session.get_session()
    session.register_component("data_loader", OneServiceLoader())
    return cast("MWAAClient", session.create_client("mwaa", config=config))


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
        self._last_used = clock()
        self._versions: dict[str, AirflowVersion] = {}
        self._tokens: dict[str, CliToken] = {}

    def client(self) -> MWAAClient:
        """Return the client of the MWAA API, without a connection that was idle for too long."""
        now = self._clock()
        if now - self._last_used > IDLE_S:
            self._client.close()
        self._last_used = now
        return self._client

    def airflow_version(self, name: str) -> AirflowVersion:
        """Return the environment's Airflow version, asking only once.

        Its status does not matter while it has a web server and a version: an update leaves the web
        server up for most of its time.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaBusy, MwaaUnavailable
            By what the MWAA API says of it.
        """
        if name not in self._versions:
            environment = self._get_environment(name)
            status = environment.get("Status", "")
            text = environment.get("AirflowVersion", "")
            numbers = re.match(r"(\d+)\.(\d+)", text)
            if not numbers or not environment.get("WebserverUrl"):
                raise EnvironmentNotReady(
                    f"MWAA environment {name} has no web server yet: its status is "
                    f"{status or 'not given'}. Try again when it is AVAILABLE."
                )
            self._versions[name] = AirflowVersion(int(numbers[1]), int(numbers[2]), text)
        return self._versions[name]

    def unready_status(self, name: str) -> str | None:
        """Return the environment's status if it is one in which failures are to be expected."""
        try:
            status = self._get_environment(name).get("Status", "")
        except TriggerError as error:
            logger.warning("The environment's status is not known: %s", error.problem)
            return None
        return None if status in _READY else status

    def cli_token(self, name: str) -> CliToken:
        """Return a CLI token for the environment, the last one while it is good.

        Raises
        ------
        EnvironmentNotFound, EnvironmentNotReady, AccessDenied, MwaaBusy, MwaaUnavailable
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

    def raise_not_found(self, name: str, action: str) -> NoReturn:
        """Raise for an `action` that does not find the environment."""
        self.forget(name)
        self.airflow_version(name)  # raises for an environment that is not there or not ready
        raise MwaaUnavailable(
            f"{action} does not find MWAA environment {name}, which GetEnvironment shows. Try again."
        )

    def _get_environment(self, name: str) -> EnvironmentTypeDef:
        try:
            environment = self.client().get_environment(Name=name)["Environment"]
            # Of a field's type botocore makes sure no more than of the answer's.
            if not all(isinstance(environment.get(field, ""), str) for field in _FIELDS):
                raise ResponseParserError("A field is no string.")
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                raise EnvironmentNotFound(
                    f"There is no MWAA environment {name} in this account and Region. "
                    "Check mwaa_env_name."
                ) from None
            raise_for(error, "GetEnvironment", name, resource=f"environment/{name}")
        except (BotoCoreError, *UNREADABLE) as error:
            raise_unusable(error, "GetEnvironment", name)
        if environment.get("Status") in _GONE:
            raise EnvironmentNotFound(
                f"MWAA environment {name} cannot be used: its status is {environment['Status']}. "
                "Create it anew, or check mwaa_env_name."
            )
        return environment

    def _create_cli_token(self, name: str) -> CliToken:
        asked_at = self._clock()
        try:
            answer = self.client().create_cli_token(Name=name)
            hostname, secret = answer["WebServerHostname"], answer["CliToken"]
        except ClientError as error:
            if error_code(error) == "ResourceNotFoundException":
                self.raise_not_found(name, "CreateCliToken")
            raise_for(error, "CreateCliToken", name, resource=f"environment/{name}")
        except (BotoCoreError, *UNREADABLE) as error:
            raise_unusable(error, "CreateCliToken", name)
        return CliToken(hostname=hostname, secret=secret, expires=asked_at + TOKEN_LIFE_S)


def error_code(error: ClientError) -> str:
    """Return the code of an error of AWS."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def is_turned_away(error: ClientError) -> bool:
    """Return whether AWS denied or throttled the call, so that it certainly did nothing."""
    return _is_denied(error) or _is_throttled(error)


def raise_for(error: ClientError, action: str, name: str, *, resource: str) -> NoReturn:
    """Raise the error of a call that did nothing.

    Raises
    ------
    AccessDenied
        If the function's role lacks the action on the resource.
    MwaaBusy
        If AWS throttled the call.
    MwaaUnavailable
        Otherwise.
    """
    code = error_code(error)
    if _is_denied(error):
        raise AccessDenied(
            f"AWS refused {action} for MWAA environment {name} ({code}). Allow the function's role "
            f"airflow:{action} on {resource}."
        ) from None
    failed = MwaaBusy if _is_throttled(error) else MwaaUnavailable
    raise failed(f"{action} for MWAA environment {name} failed ({code}).") from None


def raise_unusable(error: Exception, action: str, name: str) -> NoReturn:
    """Raise the error of a call without a usable answer, which did nothing that matters.

    Raises
    ------
    MwaaUnavailable
        Always.
    """
    if isinstance(error, BotoCoreError):
        what = "got no answer"
        advice = " Check that the function's network reaches the MWAA API."
    else:
        what, advice = "got an answer that cannot be read", ""
    raise MwaaUnavailable(
        f"{action} for MWAA environment {name} {what} ({type(error).__name__}).{advice}"
    ) from None


def _is_denied(error: ClientError) -> bool:
    return _status(error) == 403 or error_code(error).startswith("AccessDenied")


def _is_throttled(error: ClientError) -> bool:
    code = error_code(error)
    return _status(error) == 429 or "Throttl" in code or "TooMany" in code


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
