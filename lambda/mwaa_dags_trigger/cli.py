"""The way to Airflow over MWAA's CLI endpoint."""

from __future__ import annotations

import json
import shlex
import ssl
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.auth import AuthBase

from mwaa_dags_trigger import answer as answers
from mwaa_dags_trigger.answer import Answer
from mwaa_dags_trigger.deadline import LEAST_S, LOOK_S, REPORT_S, Deadline
from mwaa_dags_trigger.environment import IDLE_S, AirflowVersion, CliToken, Environments
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    MwaaUnavailable,
    OutcomeUnknown,
    TriggerError,
)
from mwaa_dags_trigger.request import Request
from mwaa_dags_trigger.transport import DagRun, Unclear, no_time, unknown_dag

CONNECT_S = 5.0
READ_S = 75.0
"""Seconds for one command; on MWAA 5 to 30 are usual (apache/airflow#59805, #21707)."""
MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer; `dags list-runs` fills them with about 80,000 runs of a DAG."""


class CliTransport:
    """Airflow's own commands, sent to `/aws_mwaa/cli` of an environment's web server.

    Parameters
    ----------
    environments
        Where versions and tokens come from.
    clock
        Seconds that never go back.
    """

    name = "cli"

    def __init__(
        self, environments: Environments, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._environments = environments
        self._clock = clock
        self.session = _Session()
        # A login kept from an earlier answer must not stand in for the token.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._last_used = clock()

    def trigger(self, request: Request, deadline: Deadline) -> DagRun:
        """Send `dags trigger` once; see `Transport.trigger`."""
        version, answer = self._run(trigger_command, request, deadline, keep=LOOK_S)
        state = answers.created_state(answer, request.mwaa_dag_name, request.dag_run_id)
        if state is None:
            raise self._failure(answer, request)
        return DagRun(state=state, airflow_version=version.text, conf=request.conf)

    def find(self, request: Request, deadline: Deadline, *, with_conf: bool) -> DagRun | None:
        """Look with `dags list-runs`, and on Airflow 3 read the conf with `dags state`.

        `dags state` alone would not do: a run id that it does not know it takes for a date where
        it can, and shows another run (Airflow 3.0 to 3.3).
        """
        version, answer = self._run(list_command, request, deadline, keep=REPORT_S)
        runs = answers.listed_runs(answer, request.mwaa_dag_name)
        if runs is None:
            raise self._failure(answer, request)
        run = runs.get(request.dag_run_id)
        if run is None:
            return None
        conf = None
        if with_conf and version.major >= 3:
            version, answer = self._run(state_command, request, deadline, keep=REPORT_S)
            conf = answers.shown_conf(answer)
            if conf is None:
                raise self._failure(answer, request)
        return DagRun(
            state=str(run.get("state")),
            airflow_version=version.text,
            conf=conf,
            start_date=run.get("start_date") or None,
            end_date=run.get("end_date") or None,
        )

    def _run(
        self,
        command: Callable[[AirflowVersion, Request], str],
        request: Request,
        deadline: Deadline,
        *,
        keep: float,
    ) -> tuple[AirflowVersion, Answer]:
        name = request.mwaa_env_name
        version = self._environments.airflow_version(name)
        answer = self._send(request, command(version, request), deadline, keep=keep)
        failure = answers.read_failure(answer.stderr)
        if failure and failure.unknown_flag:
            # The environment may have been upgraded since its version was asked for.
            self._environments.forget(name)
            newer = self._environments.airflow_version(name)
            if newer != version:
                version = newer
                answer = self._send(request, command(version, request), deadline, keep=keep)
        return version, answer

    def _send(self, request: Request, command: str, deadline: Deadline, *, keep: float) -> Answer:
        name = request.mwaa_env_name
        status = self._try_token(request, command, deadline, keep=keep)
        if isinstance(status, Answer):
            return status
        self._environments.forget(name)  # the token may have expired in use
        try:
            status = self._try_token(request, command, deadline, keep=keep)
        except MwaaUnavailable as error:
            raise Unclear(OutcomeUnknown(f"A token was refused. {error.problem}")) from None
        if isinstance(status, Answer):
            return status
        self._environments.forget(name)
        raise AccessDenied(
            f"The web server of MWAA environment {name} refused a fresh CLI token (HTTP {status}). "
            "Check that the environment lets this function's network in."
        )

    def _try_token(
        self, request: Request, command: str, deadline: Deadline, *, keep: float
    ) -> Answer | int:
        """Send the command; give the answer, or the HTTP status by which the token was refused."""
        name = request.mwaa_env_name
        token = self._environments.cli_token(name)
        seconds = min(READ_S, deadline.time_left() - keep)
        if seconds < LEAST_S:
            raise no_time(request)
        status, body = self._exchange(name, token, command, seconds)
        # A command that fails may come with any status, and with its envelope.
        answer = answers.read_envelope(body)
        if answer is not None:
            return answer
        if status in (401, 403):
            return status
        self._environments.forget(name)
        if status in (429, 503):
            # More than about 4 commands at once (apache/airflow#32020).
            raise Unclear(
                MwaaUnavailable(
                    f"The web server of MWAA environment {name} is busy (HTTP {status}); it takes "
                    "about 4 commands at once. This try started nothing. Try again."
                )
            )
        raise _unclear(name, f"gave an answer that cannot be read (HTTP {status})")

    def _exchange(
        self, name: str, token: CliToken, command: str, seconds: float
    ) -> tuple[int, bytes]:
        """Post the command, follow one redirect on the same host, give status and body."""
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
            self._environments.forget(name)
            if _never_connected(error):
                raise MwaaUnavailable(
                    f"The web server of MWAA environment {name} could not be reached "
                    f"({type(error).__name__}). This try started nothing. A private web server is "
                    "reached only from inside its VPC: check the function's subnets, security "
                    "groups and DNS."
                ) from None
            raise _unclear(name, f"broke off the exchange ({type(error).__name__})") from None
        finally:
            self._last_used = self._clock()
        if len(body) > MAX_ANSWER:
            raise _unclear(name, f"gave an answer of over {MAX_ANSWER} bytes, which is the limit")
        return status, body

    def _post(
        self, url: str, token: CliToken, command: str, until: float
    ) -> tuple[int, bytes, str]:
        """Give status, body, and the target of a redirect; a body over the limit is cut off."""
        seconds = max(until - self._clock(), 0.1)
        with self.session.post(
            url,
            data=command.encode("ascii"),
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

    def _failure(self, answer: Answer, request: Request) -> Unclear | TriggerError:
        """Say why the answer is not the one that was hoped for."""
        name, dag_id = request.mwaa_env_name, request.mwaa_dag_name
        failure = answers.read_failure(answer.stderr)
        if failure is None:
            self._environments.forget(name)
            return _unclear(name, f"gave an answer that does not show the runs of DAG {dag_id}")
        if failure.dag_not_found:
            return unknown_dag(request)
        line = answers.blot_out(failure.line, request.conf)
        if failure.passing:
            return _unclear(name, f"answered: {line}.")
        return Unclear(
            CommandRejected(f"Airflow in MWAA environment {name} refused the command: {line}.")
        )


def trigger_command(version: AirflowVersion, request: Request) -> str:
    """Give the command, without its leading `airflow`, that makes the run.

    Raises
    ------
    CommandRejected
        If the environment is older than Airflow 2.
    """
    if version.major < 2:
        raise CommandRejected(
            f"MWAA environment {request.mwaa_env_name} runs Airflow {version.text}, whose commands "
            "are other ones. Upgrade it to Airflow 2 or later."
        )
    # Inside of a JSON string only, where ' may stand: no shell gets to see it.
    conf = json.dumps(request.conf, ensure_ascii=True).replace("'", "\\u0027")
    words = ["dags", "trigger", request.mwaa_dag_name]
    words += ["--run-id", request.dag_run_id, "--conf", conf]
    if (version.major, version.minor) >= (2, 6):
        words += ["-o", "json"]
        if version.major == 2:
            # Otherwise two runs of a DAG within a second collide.
            words += ["--no-replace-microseconds"]
    return shlex.join(words)


def list_command(version: AirflowVersion, request: Request) -> str:
    """Give the command that lists the DAG's runs."""
    dag = ["-d", request.mwaa_dag_name] if version.major == 2 else [request.mwaa_dag_name]
    return shlex.join(["dags", "list-runs", *dag, "-o", "json"])


def state_command(_version: AirflowVersion, request: Request) -> str:
    """Give the command of Airflow 3 that shows a run's state and conf."""
    return shlex.join(["dags", "state", request.mwaa_dag_name, request.dag_run_id])


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


def _unclear(name: str, what: str) -> Unclear:
    return Unclear(OutcomeUnknown(f"The web server of MWAA environment {name} {what}."))


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
