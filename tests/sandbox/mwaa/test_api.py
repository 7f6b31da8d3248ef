"""The MWAA API of the sandbox responds like MWAA."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import requests
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from sandbox.mwaa.api import MAX_REST_RESPONSE_BYTES
from sandbox.mwaa.cli import CliResult
from sandbox.mwaa.front import MwaaFront
from sandbox.mwaa.http import Request


class StubAirflow:
    """Responds to each REST request with `response`, and records the requests."""

    version = "3.3.1"

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.response: tuple[int, bytes] | Exception = (200, b'{"dag_runs": []}')

    def cli(self, argv: list[str], timeout: float) -> CliResult:
        raise NotImplementedError

    def rest(
        self, method: str, path: str, *, params: Any, body: Any, timeout: float
    ) -> requests.Response:
        self.calls.append((method, path, params, body))
        if isinstance(self.response, Exception):
            raise self.response
        response = requests.Response()
        response.status_code, response._content = self.response
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
    return create_client_of(front)


def create_client_of(front: MwaaFront) -> Any:
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
    return dict(refused.value.response)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        pytest.param("GetEnvironment", {"Name": "sandbox"}),
        pytest.param("ListEnvironments", {}),
        pytest.param("CreateCliToken", {"Name": "sandbox"}),
        pytest.param("CreateWebLoginToken", {"Name": "sandbox"}),
        pytest.param("InvokeRestApi", {"Name": "sandbox", "Path": "/dags", "Method": "GET"}),
    ],
)
def test_each_response_has_the_shape_in_the_model_of_botocore(
    client: Any, operation: str, parameters: dict[str, str]
) -> None:
    bodies: list[bytes] = []
    client.meta.events.register(
        "before-parse.mwaa", lambda response_dict, **_: bodies.append(response_dict["body"])
    )

    getattr(client, xform_name(operation))(**parameters)

    response = json.loads(bodies[0])
    shape = client.meta.service_model.operation_model(operation).output_shape
    assert response
    assert ParamValidator().validate(response, shape).generate_report() == ""


def test_get_environment_describes_the_environment(client: Any, front: MwaaFront) -> None:
    environment = client.get_environment(Name="sandbox")["Environment"]

    assert environment["Status"] == "AVAILABLE"
    assert environment["AirflowVersion"] == "3.3.1"
    assert environment["WebserverUrl"] == front.hostname
    assert environment["Arn"] == "arn:aws:airflow:eu-central-1:222222222222:environment/sandbox"
    assert environment["ExecutionRoleArn"] == "arn:aws:iam::222222222222:role/sandbox-execution"
    assert environment["EnvironmentClass"] == "mw1.small"
    assert environment["WebserverAccessMode"] == "PUBLIC_ONLY"
    assert environment["CreatedAt"].timestamp() <= time.time()


def test_list_environments_returns_pages(airflow: StubAirflow, tmp_path: Path) -> None:
    with MwaaFront(dict.fromkeys("cab", airflow), tmp_path) as front:
        pages = (
            create_client_of(front)
            .get_paginator("list_environments")
            .paginate(PaginationConfig={"PageSize": 2})
        )
        assert [page["Environments"] for page in pages] == [["a", "b"], ["c"]]


def test_list_environments_rejects_an_unknown_page_token(client: Any) -> None:
    error = error_of(lambda: client.list_environments(NextToken="unknown"))

    assert error["Error"]["Code"] == "ValidationException"


def test_a_web_login_token_belongs_to_the_role_of_the_caller(front: MwaaFront) -> None:
    caller = "arn:aws:sts::222222222222:assumed-role/analyst/zoe"

    response = json.loads(front.respond(Request("POST", "/webtoken/sandbox", caller=caller)).body)

    assert response["WebServerHostname"] == front.hostname
    assert response["IamIdentity"] == "assumed-role/analyst/zoe"
    assert response["AirflowIdentity"] == "assumed-role/analyst"


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "PUT"])
def test_an_environment_cannot_be_changed(front: MwaaFront, method: str) -> None:
    response = front.respond(Request(method, "/environments/sandbox"))

    assert response.headers["x-amzn-errortype"] == "UnknownOperationException"


def test_create_cli_token_returns_a_token_and_the_web_server(client: Any, front: MwaaFront) -> None:
    token = client.create_cli_token(Name="sandbox")

    assert front.tokens == [token["CliToken"]]
    assert token["WebServerHostname"] == front.hostname


@pytest.mark.parametrize(
    "operation", ["get_environment", "create_cli_token", "create_web_login_token"]
)
def test_an_unknown_environment_is_not_found(client: Any, operation: str) -> None:
    error = error_of(lambda: getattr(client, operation)(Name="missing"))

    assert error["Error"]["Code"] == "ResourceNotFoundException"


def test_invoke_rest_api_forwards_the_request_and_the_response(
    client: Any, airflow: StubAirflow
) -> None:
    response = client.invoke_rest_api(
        Name="sandbox",
        Path="/dags/~/dagRuns/list",
        Method="POST",
        QueryParameters={"a": "b"},
        Body={"dag_ids": ["d"]},
    )

    assert (response["RestApiStatusCode"], response["RestApiResponse"]) == (200, {"dag_runs": []})
    assert airflow.calls == [("POST", "/dags/~/dagRuns/list", {"a": "b"}, {"dag_ids": ["d"]})]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(409, "RestApiClientException", id="client"),
        pytest.param(500, "RestApiServerException", id="server"),
    ],
)
def test_an_error_of_the_web_server_includes_its_status_and_body(
    client: Any, airflow: StubAirflow, status: int, code: str
) -> None:
    airflow.response = (status, b'{"detail": "no"}')

    error = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Code"] == code
    assert (error["RestApiStatusCode"], error["RestApiResponse"]) == (status, {"detail": "no"})


def test_a_timeout_of_the_web_server_is_a_gateway_timeout(
    client: Any, airflow: StubAirflow
) -> None:
    airflow.response = requests.Timeout()

    error = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert error["RestApiStatusCode"] == 504


def test_a_response_that_exceeds_the_limit_is_an_error(client: Any, airflow: StubAirflow) -> None:
    airflow.response = (200, json.dumps("x" * MAX_REST_RESPONSE_BYTES).encode())

    error = error_of(lambda: client.invoke_rest_api(Name="sandbox", Path="/dags", Method="GET"))

    assert error["Error"]["Code"] == "InternalServerException"
