"""The calls of the MWAA API, and the meaning of their responses."""

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
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    MwaaUnavailable,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.client import create_mwaa_client
from mwaa_dags_trigger.mwaa.environments import AirflowVersion, Environments
from mypy_boto3_mwaa import MWAAClient

from sandbox.mwaa.http import Response
from tests.support.clock import Clock
from tests.support.mwaa import Call, FakeMwaa, Operation, endpoint
from tests.support.proxy import proxy
from tests.support.secrets import CONF_MARK
from tests.support.steps import Answer, answer, error, raises

GET, CREATE = Operation.GET_ENVIRONMENT, Operation.CREATE_CLI_TOKEN


@pytest.fixture
def own_client(mwaa: FakeMwaa, monkeypatch: pytest.MonkeyPatch) -> MWAAClient:
    """The client that the package itself makes."""
    for name, value in endpoint(mwaa).items():
        monkeypatch.setenv(name, value)
    return create_mwaa_client()


def test_the_version_is_requested_once(environments: Environments, mwaa: FakeMwaa) -> None:
    for _ in range(3):
        assert environments.airflow_version("etl").text == "3.3.1"
    assert mwaa.operations == [GET]


def test_the_version_is_refreshed_as_often_as_a_token(
    environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> None:
    environments.airflow_version("etl")
    mwaa.shown["AirflowVersion"] = "3.4.0"
    clock.now = 44.9
    assert environments.airflow_version("etl").text == "3.3.1"
    clock.now = 45.0
    assert environments.airflow_version("etl").text == "3.4.0"


@pytest.mark.parametrize("status", [429, 500])
def test_a_version_that_cannot_be_refreshed_remains(
    status: int, environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> None:
    environments.airflow_version("etl")
    mwaa.begin(error(GET, status, "Unknown"))
    clock.now = 45.0
    assert environments.airflow_version("etl").text == "3.3.1"


@pytest.mark.parametrize(
    ("code", "raised"),
    [("AccessDeniedException", AccessDenied), ("ResourceNotFoundException", EnvironmentNotFound)],
)
def test_a_version_that_must_not_be_read_any_more_is_dropped(
    code: str,
    raised: type[TriggerError],
    environments: Environments,
    mwaa: FakeMwaa,
    clock: Clock,
) -> None:
    environments.airflow_version("etl")
    mwaa.begin(error(GET, 403 if raised is AccessDenied else 404, code))
    clock.now = 45.0
    with pytest.raises(raised):
        environments.airflow_version("etl")


def test_a_forgotten_version_is_requested_again(environments: Environments, mwaa: FakeMwaa) -> None:
    environments.airflow_version("etl")
    environments.forget("etl")
    mwaa.shown["AirflowVersion"] = "3.4.0"
    assert environments.airflow_version("etl") == AirflowVersion(3, 4, "3.4.0")


@pytest.mark.parametrize(
    ("text", "numbers"), [("2.10.3", (2, 10)), ("3.3.1", (3, 3)), ("11.0.0.post1", (11, 0))]
)
def test_versions_are_parsed_as_numbers(
    text: str, numbers: tuple[int, int], environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.shown["AirflowVersion"] = text
    version = environments.airflow_version("etl")
    assert (version.major, version.minor, version.text) == (*numbers, text)


@pytest.mark.parametrize(
    "status", ["MAINTENANCE", "ROLLING_BACK", "SOMETHING_NEW", "UNAVAILABLE", "UPDATING"]
)
def test_a_transient_status_is_irrelevant_with_a_web_server(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.shown["Status"] = status
    assert environments.airflow_version("etl").major == 3
    assert environments.unready_status("etl") == status


@pytest.mark.parametrize("status", ["AVAILABLE", "UPDATE_FAILED"])
def test_the_status_of_a_ready_environment_explains_no_failure(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.shown["Status"] = status
    assert environments.unready_status("etl") is None


def test_an_unreadable_status_explains_no_failure(
    environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.begin(error(GET, 403, "AccessDeniedException"))
    assert environments.unready_status("etl") is None


@pytest.mark.parametrize("value", [["UPDATING"], {"UPDATING": 1}, 7])
@pytest.mark.parametrize("field", ["AirflowVersion", "Status", "WebserverUrl"])
def test_a_field_that_is_no_string_makes_the_response_unreadable(
    field: str, value: object, environments: Environments, mwaa: FakeMwaa
) -> None:
    body = json.dumps(
        {"Environment": {"AirflowVersion": "3.3.1", "WebserverUrl": "x", field: value}}
    )
    mwaa.begin(*[answer(GET, Response(200, body.encode()))] * 2)
    assert environments.unready_status("etl") is None
    with pytest.raises(MwaaUnavailable, match="a response that cannot be read"):
        environments.airflow_version("etl")


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETING", "DELETED"])
def test_an_unusable_environment_is_not_found(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.shown["Status"] = status
    with pytest.raises(EnvironmentNotFound, match=f"etl cannot be used: its status is {status}"):
        environments.airflow_version("etl")


@pytest.mark.parametrize("field", ["AirflowVersion", "WebserverUrl"])
def test_an_environment_without_a_web_server_is_not_ready(
    field: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.shown.update({field: None, "Status": "CREATING"})
    with pytest.raises(EnvironmentNotReady, match="no web server yet: its status is CREATING"):
        environments.airflow_version("etl")
    mwaa.shown.clear()
    assert environments.airflow_version("etl").major == 3


def test_an_unknown_environment_is_not_found(environments: Environments) -> None:
    with pytest.raises(EnvironmentNotFound, match="MWAA environment nosuch does not exist"):
        environments.airflow_version("nosuch")


# Tokens -----------------------------------------------------------------------------------------


def test_a_token_is_used_for_45_seconds(
    environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> None:
    first = environments.cli_token("etl")
    clock.now = 44.9
    assert environments.cli_token("etl") == first
    clock.now = 45.0
    assert environments.cli_token("etl") != first
    assert mwaa.operations == [CREATE] * 2


def test_the_age_of_a_token_includes_the_request_for_it(
    environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> None:
    def slow(fake: FakeMwaa, call: Call) -> Response:
        clock.now += 20
        return call.action()

    mwaa.begin(Answer(CREATE, slow))
    assert environments.cli_token("etl").expires == 45


def test_each_environment_has_its_own_token(environments: Environments, mwaa: FakeMwaa) -> None:
    assert environments.cli_token("etl") != environments.cli_token("other")


def test_a_token_does_not_show_itself(environments: Environments) -> None:
    token = environments.cli_token("etl")
    assert token.secret
    assert token.secret not in repr(token)


def test_a_missing_token_of_a_ready_environment_is_transient(
    environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.add(error(CREATE, 404, "ResourceNotFoundException"))
    with pytest.raises(MwaaUnavailable, match="CreateCliToken did not find"):
        environments.cli_token("etl")


# Errors of AWS ----------------------------------------------------------------------------------


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
    mwaa.begin(answer(action, Response(200, json.dumps(body).encode())))
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
