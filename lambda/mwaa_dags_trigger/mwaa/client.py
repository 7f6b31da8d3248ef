"""The client of the MWAA API, and the errors of its calls."""

from __future__ import annotations

import logging
import re
import ssl
from typing import TYPE_CHECKING, NoReturn, cast

import botocore.config
import botocore.session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
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

CERTIFICATE_ADVICE = (
    "The function does not trust the TLS certificate. If a proxy or a firewall replaces certificates, add "
    "its CA to a CA bundle in the zip or a layer, and name the bundle in"
)

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


def raise_client_error(error: ClientError, action: str, name: str, *, advice: str) -> NoReturn:
    """Raise the error for a failed call that did nothing.

    Parameters
    ----------
    action
        The call, which is also the name of its IAM action.
    name
        The environment.
    advice
        What to do if AWS denied the call without naming the missing permission.

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
        message = error.response.get("Error", {}).get("Message", "")
        if denied := re.search(r"not authorized to perform: (\S+) on resource: (\S+)", message):
            advice = f"Allow the function's role to use {denied[1]} on {denied[2]}."
        elif not code.startswith("AccessDenied"):
            advice = ""
        raise AccessDenied(
            f"AWS denied {action} for MWAA environment {name} ({code}). {advice}".rstrip()
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
    if not isinstance(error, BotoCoreError):
        raise MwaaUnavailable(f"{call} got a response that cannot be read ({kind}).") from None
    advice = ""
    if isinstance(error, ProxyConnectionError):
        advice = proxy_advice(error.kwargs["proxy_url"])
    elif is_untrusted(error):
        advice = f"{CERTIFICATE_ADVICE} AWS_CA_BUNDLE."
    elif isinstance(error, ConnectionError | HTTPClientError):
        advice = "Check that the function's network reaches the MWAA API."
    raise MwaaUnavailable(f"{call} got no response ({kind}). {advice}".rstrip()) from None


def is_untrusted(error: Exception) -> bool:
    """Return whether the function did not trust the certificate of AWS, and so sent nothing."""
    cause = error.kwargs.get("error") if isinstance(error, SSLError) else None
    return isinstance(next(iter(getattr(cause, "args", ())), None), ssl.SSLCertVerificationError)


def proxy_advice(url: str) -> str:
    """Return what to do about a proxy that did not connect, without the credentials in its URL."""
    address = re.sub(r"^(\w+://)?(.*@)?", "", url)
    return (
        f"The proxy {address} did not connect. Check it and the variable HTTPS_PROXY of the function, or "
        "exclude the host with NO_PROXY."
    )


def _is_denied(error: ClientError) -> bool:
    return _http_status(error) == 403 or error_code(error).startswith("AccessDenied")


def _is_throttled(error: ClientError) -> bool:
    code = error_code(error)
    return _http_status(error) == 429 or "Throttl" in code or "TooMany" in code


def _http_status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
