"""The exchange with the CLI endpoint of a web server."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from mwaa_dags_trigger.environment import IDLE_S, CliToken
from mwaa_dags_trigger.errors import MwaaUnavailable, OutcomeUnknown
from mwaa_dags_trigger.transport import Lost

CONNECT_S = 5.0
MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer; `dags list-runs` fills them with about 80,000 runs of a DAG."""


class CliEndpoint:
    """`/aws_mwaa/cli` of the web servers, over connections that are kept.

    Parameters
    ----------
    clock
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.session = _Session()
        # A login kept from an earlier answer must not stand in for the token.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._last_used = clock()

    def send(self, name: str, token: CliToken, command: bytes, seconds: float) -> tuple[int, bytes]:
        """Post the command and follow one redirect on the same host; return status and body.

        Parameters
        ----------
        name
            Of the environment, for messages.
        seconds
            For all of it.

        Raises
        ------
        MwaaUnavailable
            If no connection was made.
        Lost
            If the exchange broke off, or the answer is over the limit.
        """
        if self._clock() - self._last_used > IDLE_S:
            self.session.close()
        url = f"https://{token.hostname}/aws_mwaa/cli"
        until = self._clock() + seconds
        try:
            status, body, target = self._post(url, token, command, until)
            # Airflow 3 environments answer 307 to the same path with a slash.
            if status in (307, 308) and _origin(target) == _origin(url):
                status, body, _ = self._post(target, token, command, until)
        except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
            # Its text and its chain hold URL and headers: neither goes further.
            if _never_connected(error):
                raise MwaaUnavailable(
                    f"The web server of MWAA environment {name} could not be reached "
                    f"({type(error).__name__}). A private web server is reached only from inside "
                    "its VPC: check the function's subnets, security groups and DNS."
                ) from None
            raise Lost(
                OutcomeUnknown(
                    f"The web server of MWAA environment {name} broke off the exchange "
                    f"({type(error).__name__})."
                )
            ) from None
        finally:
            self._last_used = self._clock()
        if len(body) > MAX_ANSWER:
            raise Lost(
                OutcomeUnknown(
                    f"The web server of MWAA environment {name} gave an answer of over "
                    f"{MAX_ANSWER} bytes, which is the limit."
                )
            )
        return status, body

    def _post(
        self, url: str, token: CliToken, command: bytes, until: float
    ) -> tuple[int, bytes, str]:
        """Post once; return status, body, cut off at the limit, and the target of a redirect."""
        seconds = max(until - self._clock(), 0.1)
        with self.session.post(
            url,
            data=command,
            headers={"Content-Type": "text/plain", "Accept-Encoding": "identity"},
            auth=_Bearer(token.secret),
            timeout=(CONNECT_S, seconds),
            stream=True,
        ) as response:
            body = bytearray()
            # read1 gives what has come, so that a body that drips meets the limit too.
            while len(body) <= MAX_ANSWER and (chunk := response.raw.read1(64 * 1024)):
                body += chunk
                if self._clock() > until:
                    raise requests.ReadTimeout
            location = response.headers.get("Location")
            target = urljoin(url, location) if location else ""
            return response.status_code, bytes(body), target


class _Session(requests.Session):
    """A session that leaves redirects, and their bodies, to its user."""

    def get_redirect_target(self, _response: requests.Response) -> None:
        """Say of every answer that it is no redirect."""


class _Bearer(AuthBase):
    """The token. As `auth` it also keeps `requests` from taking a login out of a netrc file."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._secret}"
        return prepared


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or 443


def _never_connected(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.SSLError):
        # A handshake may also break later; a refused certificate ends it before anything is sent.
        return isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
