"""The client of the MWAA API: its settings, and what the errors of its calls say."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest
import trustme
from mwaa_dags_trigger.errors import (
    AccessDenied,
    MwaaBusy,
    MwaaUnavailable,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.client import create_mwaa_client
from mwaa_dags_trigger.mwaa.environments import Environments
from mypy_boto3_mwaa import MWAAClient

from sandbox.mwaa.http import Response
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import error, raises, respond
from tests.support.fake_mwaa.server import FakeMwaa, Operation, endpoint
from tests.support.proxy import proxy
from tests.support.secrets import CONF_MARK

GET, CREATE = Operation.GET_ENVIRONMENT, Operation.CREATE_CLI_TOKEN


@pytest.fixture
def own_client(mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch) -> MWAAClient:
    """The client that the package itself makes."""
    for name, value in endpoint(mwaa).items():
        monkeypatch.setenv(name, value)
    return create_mwaa_client()


@pytest.mark.parametrize("action", [GET, CREATE])
@pytest.mark.parametrize(
    ("answered", "raised"),
    [
        pytest.param((403, "AccessDeniedException"), AccessDenied, id="denied"),
        pytest.param((400, "AccessDeniedException"), AccessDenied, id="denied with 400"),
        pytest.param((403, "ExpiredTokenException"), AccessDenied, id="credentials"),
        pytest.param((429, "ThrottlingException"), MwaaBusy, id="throttled"),
        pytest.param((400, "ThrottlingException"), MwaaBusy, id="throttled with 400"),
        pytest.param((500, "InternalServerException"), MwaaUnavailable, id="internal"),
    ],
)
def test_an_error_of_aws_names_action_environment_and_code(
    action: Operation,
    answered: tuple[int, str],
    raised: type[TriggerError],
    environments: Environments,
    mwaa: FakeMwaa,
) -> None:
    mwaa.begin(error(action, *answered))
    ask = environments.airflow_version if action is GET else environments.cli_token
    with pytest.raises(raised) as caught:
        ask("etl")
    assert all(part in str(caught.value) for part in (action, "etl", answered[1]))
    lacks = answered[1] == "AccessDeniedException"
    assert (f"airflow:{action} on environment/etl" in str(caught.value)) is lacks


def test_a_denial_names_the_action_and_the_resource_that_aws_names(
    environments: Environments, mwaa: FakeMwaa
) -> None:
    arn = "arn:aws:airflow:eu-central-1:222222222222:environment/etl"
    message = f"User: x is not authorized to perform: airflow:GetEnvironment on resource: {arn}"
    mwaa.begin(error(GET, 403, "AccessDeniedException", message))
    with pytest.raises(AccessDenied, match=f"use airflow:GetEnvironment on {arn}\\."):
        environments.airflow_version("etl")


@pytest.mark.parametrize("action", [GET, CREATE])
@pytest.mark.parametrize(
    ("cause", "advice"),
    [
        pytest.param(
            botocore.exceptions.ProxyConnectionError(
                proxy_url="http://***:***@proxy.example:3128", error=OSError()
            ),
            r"\(ProxyConnectionError\)\. The proxy proxy\.example:3128 did not connect\.",
            id="proxy",
        ),
        pytest.param(
            botocore.exceptions.SSLError(
                endpoint_url="https://x", error=OSError(ssl.SSLCertVerificationError())
            ),
            r"\(SSLError\)\. .* TLS certificate\. .* CA bundle .* AWS_CA_BUNDLE\.$",
            id="certificate",
        ),
        pytest.param(botocore.exceptions.NoCredentialsError(), r"\(\w+\)\.$", id="credentials"),
    ],
)
def test_a_call_that_was_not_sent_names_what_to_check(
    action: Operation,
    cause: Exception,
    advice: str,
    environments: Environments,
    mwaa: FakeMwaa,
) -> None:
    mwaa.begin(raises(action, cause))
    ask = environments.airflow_version if action is GET else environments.cli_token
    with pytest.raises(MwaaUnavailable, match=advice) as caught:
        ask("etl")
    assert "network" not in str(caught.value)


def test_a_certificate_of_another_ca_is_named(
    mwaa: FakeMwaa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    for name, value in {**endpoint(mwaa), "AWS_CA_BUNDLE": str(stranger)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(MwaaUnavailable, match=r"TLS certificate\. .* AWS_CA_BUNDLE\.$"):
        Environments(create_mwaa_client()).airflow_version("etl")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b""], ids=["403", "down"])
def test_a_proxy_that_does_not_connect_is_named(
    answer: bytes, mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with proxy(answer) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:{CONF_MARK}@{address}")
        for name, value in endpoint(mwaa).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(MwaaUnavailable, match=f"The proxy {address} did not connect") as caught:
            Environments(create_mwaa_client()).airflow_version("etl")
    assert CONF_MARK not in str(caught.value)
    assert mwaa.calls == []


@pytest.mark.parametrize("action", [GET, CREATE])
def test_an_unreachable_api_is_unavailable(
    action: Operation, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.begin(
        raises(action, botocore.exceptions.EndpointConnectionError(endpoint_url="https://x"))
    )
    ask = environments.airflow_version if action is GET else environments.cli_token
    with pytest.raises(
        MwaaUnavailable, match=rf"{action} .* \(EndpointConnectionError\).* network"
    ):
        ask("etl")


def test_the_client_waits_longer_than_invoke_rest_api(own_client: MWAAClient) -> None:
    config: Any = own_client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 12)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"Environment": None}])
@pytest.mark.parametrize("action", [GET, CREATE])
def test_a_response_that_aws_never_sends_is_unavailable(
    action: Operation, body: object, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.begin(respond(action, Response(200, json.dumps(body).encode())))
    ask = environments.airflow_version if action is GET else environments.cli_token
    with pytest.raises(MwaaUnavailable, match=f"{action} .* a response that cannot be read") as it:
        ask("etl")
    assert "network" not in str(it.value)


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalServerException"), (429, "ThrottlingException")]
)
def test_the_client_never_retries(
    status: int, code: str, own_client: MWAAClient, mwaa: FakeMwaa
) -> None:
    mwaa.begin(error(GET, status, code))
    with pytest.raises((MwaaBusy, MwaaUnavailable), match=code):
        Environments(own_client).airflow_version("etl")
    assert mwaa.operations == [GET]


def test_a_connection_that_was_idle_is_not_used_again(
    environments: Environments,
    client: MWAAClient,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[float] = []
    monkeypatch.setattr(client, "close", lambda: closed.append(clock.now))
    for now in (0.0, 30.0, 60.1, 61.0):
        clock.now = now
        environments.client()
    assert closed == [60.1]
