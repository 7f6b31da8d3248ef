"""The calls of the MWAA API, and the meaning of their responses."""

from __future__ import annotations

import json

import pytest
from mwaa_dags_trigger.errors import (
    AccessDenied,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaUnavailable,
    TriggerError,
)
from mwaa_dags_trigger.mwaa.environments import AirflowVersion, Environments

from sandbox.mwaa.http import Response
from tests.support.clock import Clock
from tests.support.fake_mwaa.responses import ScriptedResponse, error, respond
from tests.support.fake_mwaa.server import Call, FakeMwaa, Operation

GET, CREATE = Operation.GET_ENVIRONMENT, Operation.CREATE_CLI_TOKEN


def test_the_version_is_requested_once(environments: Environments, mwaa: FakeMwaa) -> None:
    for _ in range(3):
        assert environments.airflow_version("etl").text == "3.3.1"
    assert mwaa.operations == [GET]


def test_the_version_is_refreshed_as_often_as_a_token(
    environments: Environments, mwaa: FakeMwaa, clock: Clock
) -> None:
    environments.airflow_version("etl")
    mwaa.environment_fields["AirflowVersion"] = "3.4.0"
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
    mwaa.environment_fields["AirflowVersion"] = "3.4.0"
    assert environments.airflow_version("etl") == AirflowVersion(3, 4, "3.4.0")


@pytest.mark.parametrize(
    ("text", "numbers"), [("2.10.3", (2, 10)), ("3.3.1", (3, 3)), ("11.0.0.post1", (11, 0))]
)
def test_versions_are_parsed_as_numbers(
    text: str, numbers: tuple[int, int], environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.environment_fields["AirflowVersion"] = text
    version = environments.airflow_version("etl")
    assert (version.major, version.minor, version.text) == (*numbers, text)


@pytest.mark.parametrize(
    "status", ["MAINTENANCE", "ROLLING_BACK", "SOMETHING_NEW", "UNAVAILABLE", "UPDATING"]
)
def test_a_transient_status_is_irrelevant_with_a_web_server(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.environment_fields["Status"] = status
    assert environments.airflow_version("etl").major == 3
    assert environments.unready_status("etl") == status


@pytest.mark.parametrize("status", ["AVAILABLE", "UPDATE_FAILED"])
def test_the_status_of_a_ready_environment_explains_no_failure(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.environment_fields["Status"] = status
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
    mwaa.begin(*[respond(GET, Response(200, body.encode()))] * 2)
    assert environments.unready_status("etl") is None
    with pytest.raises(MwaaUnavailable, match="a response that cannot be read"):
        environments.airflow_version("etl")


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETING", "DELETED"])
def test_an_unusable_environment_is_not_found(
    status: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.environment_fields["Status"] = status
    with pytest.raises(EnvironmentNotFound, match=f"etl cannot be used: its status is {status}"):
        environments.airflow_version("etl")


@pytest.mark.parametrize("field", ["AirflowVersion", "WebserverUrl"])
def test_an_environment_without_a_web_server_is_not_ready(
    field: str, environments: Environments, mwaa: FakeMwaa
) -> None:
    mwaa.environment_fields.update({field: None, "Status": "CREATING"})
    with pytest.raises(EnvironmentNotReady, match="no web server yet: its status is CREATING"):
        environments.airflow_version("etl")
    mwaa.environment_fields.clear()
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

    mwaa.begin(ScriptedResponse(CREATE, slow))
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
