"""MWAA's API in front of an Airflow: the answers have the shapes that botocore reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.mwaa.api import MAX_PATH, MAX_REST_ANSWER
from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.front import MwaaFront


class StubAirflow:
    """Answers each REST call with `answer`, and keeps what it was given."""

    version = "3.3.1"

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answer: tuple[int, bytes] | Exception = (200, b'{"dag_runs": []}')

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        raise NotImplementedError

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        self.calls.append((method, path, params, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        response = requests.Response()
        response.status_code, response._content = self.answer
        return response


@pytest.fixture
def airflow() -> StubAirflow:
    return StubAirflow()


@pytest.fixture
def front(airflow: StubAirflow, tmp_path: Path) -> Iterator[MwaaFront]:
    with MwaaFront({"sandbox": airflow}, tmp_path) as front:
        yield front


@pytest.fixture
def client(front: MwaaFront) -> Any:
    session = botocore.session.get_session()
    session.set_credentials("sandbox", "sandbox")
    return session.create_client(
        "mwaa",
        region_name="eu-central-1",
        endpoint_url=f"https://{front.hostname}",
        verify=str(front.ca_file),
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )


def error_of(call: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response


def test_describes_an_environment(client: Any, front: MwaaFront) -> None:
    environment = client.get_environment(Name="sandbox")["Environment"]

    assert environment["Status"] == "AVAILABLE"
    assert environment["AirflowVersion"] == "3.3.1"
    assert environment["WebserverUrl"] == front.hostname


def test_creates_a_token(client: Any, front: MwaaFront) -> None:
    token = client.create_cli_token(Name="sandbox")

    assert front.tokens == [token["CliToken"]]
    assert token["WebServerHostname"] == front.hostname


@pytest.mark.parametrize("operation", ["get_environment", "create_cli_token"])
def test_an_unknown_environment_is_not_found(client: Any, operation: str) -> None:
    answer = error_of(lambda: getattr(client, operation)(Name="missing"))

    assert answer["Error"]["Code"] == "ResourceNotFoundException"


def test_hands_a_rest_call_on(client: Any, airflow: StubAirflow) -> None:
    answer = client.invoke_rest_api(
        Name="sandbox",
        Path="/dags/~/dagRuns/list",
        Method="POST",
        QueryParameters={"a": "b"},
        Body={"dag_ids": ["d"]},
    )

    assert (answer["RestApiStatusCode"], answer["RestApiResponse"]) == (200, {"dag_runs": []})
    assert airflow.calls == [("POST", "/dags/~/dagRuns/list", {"a": "b"}, {"dag_ids": ["d"]})]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(409, "RestApiClientException", id="client"),
        pytest.param(500, "RestApiServerException", id="server"),
    ],
)
def test_an_error_of_the_web_server_comes_with_its_status_and_body(
    client: Any, airflow: StubAirflow, status: int, code: str
) -> None:
    airflow.answer = (status, b'{"detail": "no"}')

    answer = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Code"] == code
    assert (answer["RestApiStatusCode"], answer["RestApiResponse"]) == (status, {"detail": "no"})


def test_a_web_server_that_takes_too_long_is_a_gateway_timeout(
    client: Any, airflow: StubAirflow
) -> None:
    airflow.answer = requests.Timeout()

    answer = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert answer["RestApiStatusCode"] == 504


def test_a_path_over_the_limit_is_refused(client: Any, airflow: StubAirflow) -> None:
    path = "/" + "d" * MAX_PATH

    answer = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path=path, Method="GET"))

    assert answer["Error"]["Code"] == "ValidationException"
    assert airflow.calls == []


def test_an_answer_over_the_limit_is_an_error(client: Any, airflow: StubAirflow) -> None:
    airflow.answer = (200, json.dumps("x" * MAX_REST_ANSWER).encode())

    answer = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert answer["Error"]["Code"] == "InternalServerException"
