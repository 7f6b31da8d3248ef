"""What is asked of the MWAA API, how often, and what its answers mean."""

from __future__ import annotations

from typing import Any

import botocore.exceptions
import pytest
from mwaa_dags_trigger.environment import AirflowVersion, Environments
from mwaa_dags_trigger.errors import (
    AccessDenied,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    TriggerError,
)


@pytest.fixture
def environments(api: Any, time: Any) -> Environments:
    return Environments(api.client, time.clock)


def test_the_version_is_asked_once(environments: Environments, api: Any) -> None:
    for _ in range(3):
        assert environments.airflow_version("etl").text == "3.3.1"
    assert api.calls == ["GetEnvironment"]


def test_a_forgotten_version_is_asked_again(environments: Environments, api: Any) -> None:
    environments.airflow_version("etl")
    environments.forget("etl")
    api.environments["etl"]["AirflowVersion"] = "3.4.0"
    assert environments.airflow_version("etl") == AirflowVersion(3, 4, "3.4.0")


@pytest.mark.parametrize(
    ("text", "numbers"), [("2.10.3", (2, 10)), ("3.3.1", (3, 3)), ("11.0.0.post1", (11, 0))]
)
def test_versions_are_read_as_numbers(
    text: str, numbers: tuple[int, int], environments: Environments, api: Any
) -> None:
    api.environments["etl"]["AirflowVersion"] = text
    version = environments.airflow_version("etl")
    assert (version.major, version.minor, version.text) == (*numbers, text)


def test_after_a_failed_update_the_environment_is_usable(
    environments: Environments, api: Any
) -> None:
    api.environments["etl"]["Status"] = "UPDATE_FAILED"
    assert environments.airflow_version("etl").major == 3


@pytest.mark.parametrize(
    "status",
    [
        "CREATING",
        "CREATING_SNAPSHOT",
        "MAINTENANCE",
        "PENDING",
        "ROLLING_BACK",
        "SOMETHING_NEW",
        "UNAVAILABLE",
        "UPDATING",
    ],
)
def test_a_passing_status_is_named(status: str, environments: Environments, api: Any) -> None:
    api.environments["etl"]["Status"] = status
    with pytest.raises(EnvironmentNotReady, match=rf"etl is not ready: its status is {status}\."):
        environments.airflow_version("etl")


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETING", "DELETED"])
def test_a_status_that_no_retry_heals_is_permanent(
    status: str, environments: Environments, api: Any
) -> None:
    api.environments["etl"]["Status"] = status
    with pytest.raises(EnvironmentNotFound, match=f"etl cannot be used: its status is {status}"):
        environments.airflow_version("etl")


def test_a_status_is_not_remembered(environments: Environments, api: Any) -> None:
    api.environments["etl"]["Status"] = "UPDATING"
    with pytest.raises(EnvironmentNotReady):
        environments.airflow_version("etl")
    api.environments["etl"]["Status"] = "AVAILABLE"
    assert environments.airflow_version("etl").major == 3


def test_an_environment_without_a_version_is_not_ready(
    environments: Environments, api: Any
) -> None:
    del api.environments["etl"]["AirflowVersion"]
    with pytest.raises(EnvironmentNotReady, match="shows no Airflow version"):
        environments.airflow_version("etl")


def test_an_unknown_environment_is_not_found(environments: Environments) -> None:
    with pytest.raises(EnvironmentNotFound, match="no MWAA environment nosuch"):
        environments.airflow_version("nosuch")


# Tokens -----------------------------------------------------------------------------------------


def test_a_token_serves_for_45_seconds(environments: Environments, api: Any, time: Any) -> None:
    first = environments.cli_token("etl")
    time.now = 44.9
    assert environments.cli_token("etl") == first
    time.now = 45.0
    assert environments.cli_token("etl") != first
    assert api.tokens == 2


def test_a_token_ages_from_before_it_was_asked_for(
    environments: Environments, api: Any, time: Any
) -> None:
    api.before = lambda: time.sleep(20)
    assert environments.cli_token("etl").expires == 45


def test_each_environment_has_its_own_token(environments: Environments, api: Any) -> None:
    api.environments["other"] = {"Status": "AVAILABLE", "AirflowVersion": "2.11.2"}
    assert environments.cli_token("etl") != environments.cli_token("other")


def test_a_token_does_not_show_itself(environments: Environments) -> None:
    token = environments.cli_token("etl")
    assert token.secret
    assert token.secret not in repr(token)


def test_no_token_because_of_an_update_is_told_from_no_environment(
    environments: Environments, api: Any
) -> None:
    environments.airflow_version("etl")
    api.environments["etl"]["Status"] = "UPDATING"
    api.fail("CreateCliToken", 404, "ResourceNotFoundException")
    with pytest.raises(EnvironmentNotReady, match="status is UPDATING"):
        environments.cli_token("etl")


def test_no_token_though_the_environment_is_ready_may_pass(
    environments: Environments, api: Any
) -> None:
    api.fail("CreateCliToken", 404, "ResourceNotFoundException")
    with pytest.raises(MwaaUnavailable, match="CreateCliToken does not find"):
        environments.cli_token("etl")


# Errors of AWS ----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["GetEnvironment", "CreateCliToken"])
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        pytest.param(403, "AccessDeniedException", AccessDenied, id="denied"),
        pytest.param(400, "AccessDeniedException", AccessDenied, id="denied with 400"),
        pytest.param(403, "ExpiredTokenException", AccessDenied, id="credentials"),
        pytest.param(429, "ThrottlingException", MwaaUnavailable, id="throttled"),
        pytest.param(400, "ThrottlingException", MwaaUnavailable, id="throttled with 400"),
        pytest.param(500, "InternalServerException", MwaaUnavailable, id="internal"),
    ],
)
def test_an_error_of_aws_names_action_environment_and_code(
    action: str, status: int, code: str, error: type[TriggerError], api: Any
) -> None:
    environments = Environments(api.client)
    api.fail(action, status, code)
    ask = environments.airflow_version if action == "GetEnvironment" else environments.cli_token
    with pytest.raises(error) as caught:
        ask("etl")
    assert all(part in str(caught.value) for part in (action, "etl", code))
    if error is AccessDenied:
        assert f"airflow:{action} on environment/etl" in str(caught.value)


@pytest.mark.parametrize("action", ["GetEnvironment", "CreateCliToken"])
def test_an_api_out_of_reach_is_unavailable(
    action: str, environments: Environments, api: Any
) -> None:
    def refuse() -> None:
        raise botocore.exceptions.EndpointConnectionError(endpoint_url="https://x")

    api.before = refuse
    ask = environments.airflow_version if action == "GetEnvironment" else environments.cli_token
    with pytest.raises(MwaaUnavailable, match=rf"{action} .* \(EndpointConnectionError\)"):
        ask("etl")


def test_the_client_waits_longer_than_the_rest_api_does(own_api: Any) -> None:
    config = own_api.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 12)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"Environment": None}])
@pytest.mark.parametrize("action", ["GetEnvironment", "CreateCliToken"])
def test_an_answer_that_is_not_awss_is_unavailable(
    action: str, body: Any, environments: Environments, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "answer_body", lambda *_: body)
    ask = environments.airflow_version if action == "GetEnvironment" else environments.cli_token
    with pytest.raises(MwaaUnavailable, match=f"{action} .* got no usable answer"):
        ask("etl")


@pytest.mark.parametrize(
    ("status", "code"), [(500, "InternalServerException"), (429, "ThrottlingException")]
)
def test_the_client_does_not_try_again_by_itself(status: int, code: str, own_api: Any) -> None:
    own_api.fail("GetEnvironment", status, code)
    with pytest.raises(MwaaUnavailable, match=code):
        Environments(own_api.client).airflow_version("etl")
    assert own_api.calls == ["GetEnvironment"]


def test_a_connection_that_was_idle_is_not_used_again(
    environments: Environments, api: Any, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []
    monkeypatch.setattr(api.client, "close", lambda: closed.append(time.now))
    for now in (0.0, 30.0, 60.1, 61.0):
        time.now = now
        environments.client()
    assert closed == [60.1]
