"""The client of the MWAA API, and the errors of its calls."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NoReturn, cast

import botocore.config
import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError

from mwaa_dags_trigger.errors import AccessDenied, MwaaBusy, MwaaUnavailable

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

API_CONNECT_SECONDS = 3.0
API_READ_SECONDS = 12.0
"""Longer than the 10 seconds after which InvokeRestApi itself stops waiting (AWS: "Using the Apache
Airflow REST API")."""
MAX_IDLE_SECONDS = 30.0
"""After this time, a kept connection is closed: the server may have dropped it."""

# If the body is not the expected object, botocore's parser raises errors such as AttributeError.
INVALID_RESPONSE_ERRORS = (
    ResponseParserError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)

# At DEBUG level, botocore logs the response of CreateCliToken with the token.
logging.getLogger("botocore").setLevel(logging.INFO)


class _MwaaLoader(Loader):
    """A loader that does not search the directories of all AWS services."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Return the only service that the function uses."""
        del type_name
        return ["mwaa"]


def create_mwaa_client() -> MWAAClient:
    """Create the client of the MWAA API.

    It comes from `botocore`: `boto3` spends its start on a transfer manager that the function does
    not need. It never retries, because a second response would hide what the first call did.
    """
    config = botocore.config.Config(
        connect_timeout=API_CONNECT_SECONDS,
        read_timeout=API_READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
    )
    session = botocore.session.get_session()
    session.register_component("data_loader", _MwaaLoader())
    return cast("MWAAClient", session.create_client("mwaa", config=config))


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return error.response.get("Error", {}).get("Code", "Unknown")


def is_denied_or_throttled(error: ClientError) -> bool:
    """Return whether AWS denied or throttled the call, so that the call certainly did nothing."""
    return _is_denied(error) or _is_throttled(error)


def raise_client_error(error: ClientError, action: str, name: str, *, resource: str) -> NoReturn:
    """Raise the error for a failed call that did nothing.

    Parameters
    ----------
    action
        The call, which is also the name of its IAM action.
    name
        The environment.
    resource
        The resource of the IAM action.

    Raises
    ------
    AccessDenied
        If AWS denied the call.
    MwaaBusy
        If AWS throttled the call.
    MwaaUnavailable
        In all other cases.
    """
    code = error_code(error)
    if _is_denied(error):
        raise AccessDenied(
            f"AWS denied {action} for MWAA environment {name} ({code}). Allow the function's role to "
            f"use airflow:{action} on {resource}."
        ) from None
    kind = MwaaBusy if _is_throttled(error) else MwaaUnavailable
    raise kind(f"{action} for MWAA environment {name} failed ({code}).") from None


def raise_no_response(error: Exception, action: str, name: str) -> NoReturn:
    """Raise the error for a call without a usable response that did nothing that matters.

    Raises
    ------
    MwaaUnavailable
        Always.
    """
    call, kind = f"{action} for MWAA environment {name}", type(error).__name__
    if isinstance(error, BotoCoreError):
        raise MwaaUnavailable(
            f"{call} got no response ({kind}). Check that the function's network reaches the MWAA API."
        ) from None
    raise MwaaUnavailable(f"{call} got a response that cannot be read ({kind}).") from None


def _is_denied(error: ClientError) -> bool:
    return _http_status(error) == 403 or error_code(error).startswith("AccessDenied")


def _is_throttled(error: ClientError) -> bool:
    code = error_code(error)
    return _http_status(error) == 429 or "Throttl" in code or "TooMany" in code


def _http_status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
