"""HTTP requests to the CLI endpoint of a web server."""

from __future__ import annotations

import os
import ssl
import traceback
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from mwaa_dags_trigger.errors import MwaaUnavailable, OutcomeUnknown
from mwaa_dags_trigger.mwaa.client import CERTIFICATE_ADVICE, MAX_IDLE_SECONDS, proxy_advice
from mwaa_dags_trigger.mwaa.environments import CliToken

ENDPOINT_CONNECT_SECONDS = 5.0
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
"""Enough for `dags list-runs` of a DAG with about 80,000 runs."""


class CliEndpoint:
    """The endpoints `/aws_mwaa/cli` of the web servers. Connections are kept open.

    Parameters
    ----------
    clock
        Returns seconds that never decrease.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.session = _Session()
        # Without cookies, a login from an earlier response cannot replace the token.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._last_used = clock()

    def send(self, name: str, token: CliToken, command: bytes, seconds: float) -> tuple[int, bytes]:
        """Post the command, follow one redirect on the same host, and return status and body.

        Parameters
        ----------
        name
            The environment, for messages.
        seconds
            The time limit for the whole exchange.

        Raises
        ------
        MwaaUnavailable
            If there was no connection, or if the file with the certificates does not exist.
        OutcomeUnknown
            If the connection broke, or if the response exceeds the limit.
        """
        bundle = os.environ.get("REQUESTS_CA_BUNDLE")
        if bundle and not Path(bundle).exists():
            raise MwaaUnavailable(
                f"The web server of MWAA environment {name} was not called, because the function has no file "
                f"{bundle}. Correct REQUESTS_CA_BUNDLE."
            )
        if self._clock() - self._last_used > MAX_IDLE_SECONDS:
            self.session.close()
        url = f"https://{token.hostname}/aws_mwaa/cli"
        end = self._clock() + seconds
        try:
            status, body, location = self._post(url, token, command, end)
            # Airflow 3 environments redirect with status 307 to the same path with a slash.
            target = _redirect_target(url, location) if status in (307, 308) else None
            if target:
                status, body, _ = self._post(target, token, command, end)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # The error's text and chain contain URL and headers, so neither is passed on.
            if advice := _advice_if_never_connected(error, url):
                raise MwaaUnavailable(
                    f"The web server of MWAA environment {name} could not be reached "
                    f"({type(error).__name__}). {advice}"
                ) from None
            raise OutcomeUnknown(
                f"The connection to the web server of MWAA environment {name} broke before its "
                f"response was complete ({type(error).__name__})."
            ) from None
        finally:
            self._last_used = self._clock()
        if len(body) > MAX_RESPONSE_BYTES:
            raise OutcomeUnknown(
                f"The response of the web server of MWAA environment {name} exceeds the limit of "
                f"{MAX_RESPONSE_BYTES} bytes."
            )
        return status, body

    def _post(
        self, url: str, token: CliToken, command: bytes, end: float
    ) -> tuple[int, bytes, str]:
        """Post once. Return status, body up to the limit, and the location of a redirect."""
        seconds = max(end - self._clock(), 0.1)
        with self.session.post(
            url,
            data=command,
            headers={"Content-Type": "text/plain", "Accept-Encoding": "identity"},
            auth=_Bearer(token.secret),
            timeout=(ENDPOINT_CONNECT_SECONDS, seconds),
            stream=True,
        ) as response:
            body = bytearray()
            # read1 returns the available bytes, so the time limit also applies to a slow body.
            while len(body) <= MAX_RESPONSE_BYTES and (chunk := response.raw.read1(64 * 1024)):
                body += chunk
                if self._clock() > end:
                    raise requests.ReadTimeout
            return response.status_code, bytes(body), response.headers.get("Location", "")


class _Session(requests.Session):
    """A session that does not follow redirects and does not read their bodies."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Treat no response as a redirect."""


class _Bearer(AuthBase):
    """The token. Passed as `auth`, it also prevents `requests` from using a login of a netrc file."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._secret}"
        return prepared


def _redirect_target(url: str, location: str) -> str | None:
    """Return the target of a redirect on the same host, always over HTTPS, or None.

    A web server behind a load balancer may take HTTP for the scheme of the request.
    """
    own, target = urlsplit(url), urlsplit(urljoin(url, location))
    if target.scheme == "http" and target.hostname == own.hostname:
        target = target._replace(scheme=own.scheme, netloc=own.netloc)
    origins = {(parts.scheme, parts.hostname, parts.port or 443) for parts in (own, target)}
    return target.geturl() if location and len(origins) == 1 else None


def _advice_if_never_connected(error: Exception, url: str) -> str | None:
    """Return what to do about an error before the request was sent, or None if it may have been sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    # Without a proxy, no other error of TLS certainly ends the handshake before the request is sent.
    tls = reason.args[0] if isinstance(reason, urllib3.exceptions.SSLError) else None
    if isinstance(tls, ssl.SSLCertVerificationError):
        return f"{CERTIFICATE_ADVICE} REQUESTS_CA_BUNDLE."
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    invalid = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
    if proxy and (isinstance(error, invalid) or _failed_in_tunnel(error)):
        return proxy_advice(proxy)
    refused = isinstance(reason, urllib3.exceptions.NewConnectionError)
    if refused or isinstance(error, requests.ConnectTimeout):
        return (
            "A private web server can be reached only from its VPC: check the function's subnets, "
            "security groups and DNS."
        )
    return None


def _failed_in_tunnel(error: BaseException | None) -> bool:
    """Return whether urllib3 was still connecting through the proxy, before it sent the request.

    A proxy that closes the connection causes the same errors as a web server that closes it.
    """
    while error is not None:
        frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
        if any(frame.f_code.co_name == "_prepare_proxy" for frame in frames):
            return True
        error = error.__context__
    return False
