"""What only the REST transport does: bodies, errors of InvokeRestApi and of the web server."""

from __future__ import annotations

from ssl import SSLCertVerificationError

import pytest
from botocore import exceptions
from mwaa_dags_trigger.errors import (
    AccessDenied,
    CommandRejected,
    DagNotFound,
    EnvironmentNotFound,
    EnvironmentNotReady,
    MwaaBusy,
    OutcomeUnknown,
)
from mwaa_dags_trigger.mwaa.client import API_READ_SECONDS

from sandbox.mwaa.front import Environment
from sandbox.mwaa.releases import DEFAULT, RELEASES
from tests.support import transcripts
from tests.support.fake_mwaa.responses import after, raises, refused, web
from tests.support.fake_mwaa.server import FakeMwaa, Operation
from tests.support.handler import Handle, Trigger
from tests.support.secrets import CONF_MARK, MARKS, NUMBER_MARK
from tests.support.transports.adapter import CONF, RUN_ID
from tests.support.transports.rest_adapter import RestAdapter, recorded_response, run
from tests.support.unreachable_airflow import UnreachableAirflow

MAJOR_2 = pytest.mark.parametrize("rest", ["2.11.2"], indirect=True)
MAJOR_3 = pytest.mark.parametrize("rest", ["3.0.6", "3.3.1"], indirect=True)
# For tests that do not depend on the version.
ONE_VERSION = pytest.mark.parametrize("rest", [DEFAULT], indirect=True)

every_version = pytest.mark.parametrize("rest", RELEASES, indirect=True)


@pytest.fixture
def trigger(handle_rest: Handle) -> Trigger:
    return lambda: handle_rest(mwaa_dag_conf=CONF, run_id=RUN_ID)


@every_version
def test_the_body_is_the_recorded_body_of_this_version(
    rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*rest.created())
    trigger()
    (call,) = mwaa.rest_calls
    assert call["Body"] == {
        **transcripts.rest(rest.version, "created").body,
        "dag_run_id": RUN_ID,
    }
    assert ("logical_date" in call["Body"]) == (not rest.version.startswith("2."))
    assert mwaa.operations == [Operation.GET_ENVIRONMENT, Operation.INVOKE_REST_API]


@pytest.mark.parametrize("version", ["2.3.4", "1.10.12"])
def test_a_version_without_invoke_rest_api_is_rejected(
    version: str, airflow: UnreachableAirflow, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    airflow.version = version
    with pytest.raises(
        CommandRejected, match=rf"runs Airflow {version}, but InvokeRestApi requires 2\.4"
    ):
        trigger()
    assert mwaa.rest_calls == []


@pytest.mark.parametrize("shown", [{}, None])
def test_a_run_without_conf_has_an_empty_one(
    shown: object, rest: RestAdapter, mwaa: FakeMwaa, handle_rest: Handle
) -> None:
    mwaa.begin(
        rest.already_exists["already exists"](rest.version),
        web(200, run(rest.version, RUN_ID, conf=shown)),
    )
    assert handle_rest(run_id=RUN_ID)["created"] is False


# A date that is taken ---------------------------------------------------------------------------


@every_version
def test_a_taken_date_does_not_prove_that_the_run_exists(
    rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(recorded_response("date taken")(rest.version), *rest.absent(), *rest.created())
    assert trigger()["created"] is True


@MAJOR_2
def test_a_taken_date_hides_no_existing_run(
    rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(recorded_response("date taken")(rest.version), *rest.found())
    assert trigger()["created"] is False


@ONE_VERSION
def test_an_unknown_outcome_names_the_limits_and_the_private_web_server(
    rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(*[web(500, "oops")] * 4, *rest.absent())
    with pytest.raises(OutcomeUnknown, match=r"6 MB that arrive within 10 s.* private web server"):
        trigger()


# Failures before any run -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        exceptions.EndpointConnectionError(endpoint_url="x"),
        exceptions.ConnectTimeoutError(endpoint_url="x"),
        exceptions.ProxyConnectionError(proxy_url="x"),
        exceptions.SSLError(endpoint_url="x", error=OSError(SSLCertVerificationError())),
        exceptions.NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
@ONE_VERSION
def test_a_call_that_was_never_sent_is_repeated_without_a_lookup(
    error: Exception, rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(raises(Operation.INVOKE_REST_API, error), *rest.created())
    assert trigger()["created"] is True
    assert mwaa.paths == rest.trigger * 2


def test_an_unknown_dag_is_recognized_by_the_recorded_response(
    rest: RestAdapter, mwaa: FakeMwaa, handle_rest: Handle
) -> None:
    mwaa.begin(recorded_response("unknown dag")(rest.version))
    with pytest.raises(DagNotFound, match=r"etl does not know DAG nosuch\. Check"):
        handle_rest(mwaa_dag_name="nosuch", run_id=RUN_ID)
    assert mwaa.paths == ["POST /dags/nosuch/dagRuns"]


@ONE_VERSION
@pytest.mark.parametrize("body", [{"detail": "Not Found"}, "<html>demo2 demo.py</html>", None])
def test_a_404_that_does_not_name_the_dag_is_not_dag_not_found(
    body: object, rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(web(404, body), *rest.absent())
    with pytest.raises(CommandRejected, match="HTTP 404"):
        trigger()


def test_a_denial_by_aws_names_the_iam_action(mwaa: FakeMwaa, trigger: Trigger) -> None:
    role = "arn:aws:airflow:eu-central-1:222222222222:role/etl/User"
    message = (
        "User: arn:aws:sts::222222222222:assumed-role/target/f is not authorized to perform: "
        f"airflow:InvokeRestApi on resource: {role} because no policy allows it"
    )
    mwaa.begin(refused(403, "AccessDeniedException", message))
    with pytest.raises(AccessDenied) as caught:
        trigger()
    assert f"Allow the function's role to use airflow:InvokeRestApi on {role}." in str(caught.value)
    assert "exists" not in str(caught.value)
    assert len(mwaa.rest_calls) == 1


def test_a_denial_that_names_no_permission_has_a_hint_about_the_airflow_role(
    mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(refused(403, "AccessDeniedException", "Access denied"))
    with pytest.raises(
        AccessDenied, match=r"Airflow role .* exists in the environment: airflow_role"
    ):
        trigger()


@pytest.mark.parametrize("status", [401, 403])
def test_a_denial_by_airflow_names_the_airflow_role(
    status: int, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(web(status, {"title": "Forbidden", "detail": None}))
    with pytest.raises(AccessDenied, match=rf"HTTP {status}\)\. .* airflow_role .* DAG demo\."):
        trigger()


def test_an_unknown_environment_is_distinguished_from_an_update(
    mwaa: FakeMwaa, by_name: dict[str, Environment], trigger: Trigger
) -> None:
    not_found = refused(404, "ResourceNotFoundException")
    mwaa.begin(*[not_found] * 4)
    mwaa.environment_fields.update(Status="UPDATING")
    with pytest.raises(EnvironmentNotReady, match="UPDATING"):
        trigger()
    mwaa.begin(after(by_name.clear, not_found))
    with pytest.raises(EnvironmentNotFound):
        trigger()


def test_a_call_that_mwaa_rejects_names_the_limit(mwaa: FakeMwaa, handle_rest: Handle) -> None:
    dag = "d" * 51
    mwaa.begin(refused(400, "ValidationException", "'v' at 'path' is too long"))
    with pytest.raises(CommandRejected) as caught:
        handle_rest(mwaa_dag_name=dag, run_id="x1", mwaa_dag_conf=CONF)
    assert f"path /dags/{dag}/dagRuns of 65 characters" in str(caught.value)
    assert "(ValidationException). A path can have 64 characters." in str(caught.value)


# Airflow's own words ----------------------------------------------------------------------------


@every_version
@pytest.mark.parametrize("case", ["bad run id", "unknown field"])
def test_a_refused_body_is_rejected(
    case: str, rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(recorded_response(case)(rest.version), *rest.absent())
    with pytest.raises(CommandRejected, match=r"HTTP 4\d\d\)\. Airflow's message may quote"):
        trigger()


@ONE_VERSION
@pytest.mark.parametrize("status", [404, 405, 410, 418])
def test_a_refusal_without_a_message_has_no_hint(
    status: int, rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(web(status, {"detail": "Not Found"}), *rest.absent())
    with pytest.raises(CommandRejected) as caught:
        trigger()
    assert str(caught.value).endswith(f" refused the call (HTTP {status}). (run id {RUN_ID})")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"detail": f"{CONF_MARK} is not {NUMBER_MARK}"}, id="detail"),
        pytest.param({"title": CONF_MARK, "detail": None}, id="title"),
        pytest.param(
            {"detail": [{"loc": [CONF_MARK], "msg": "m", "input": NUMBER_MARK}]}, id="list"
        ),
        pytest.param({"detail": [CONF_MARK, NUMBER_MARK]}, id="list of values"),
        pytest.param({"detail": {"reason": CONF_MARK, "statement": NUMBER_MARK}}, id="object"),
        pytest.param(f"{CONF_MARK} {NUMBER_MARK}", id="text"),
        pytest.param([CONF_MARK, NUMBER_MARK], id="only a list"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 409, 422, 429, 500])
@ONE_VERSION
def test_no_value_of_the_conf_is_shown(
    status: int, body: object, rest: RestAdapter, mwaa: FakeMwaa, handle_rest: Handle
) -> None:
    """In a log, the fixture `no_secret_in_any_log` looks for it."""
    looked = status in {400, 409, 422}
    mwaa.begin(*[web(status, body), *(rest.absent() if looked else [])] * 4, *rest.absent())
    with pytest.raises((AccessDenied, CommandRejected, MwaaBusy, OutcomeUnknown)) as caught:
        handle_rest(run_id=RUN_ID, mwaa_dag_conf={"a": CONF_MARK, "b": NUMBER_MARK})
    assert not [secret for secret in MARKS if secret in str(caught.value)]
    mwaa.begin()  # Only statuses with a retry or a lookup use the rest of the script.


@MAJOR_3
def test_a_refused_body_reveals_an_upgrade(
    rest: RestAdapter, airflow: UnreachableAirflow, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    airflow.version = "2.11.2"

    def upgrade() -> None:
        airflow.version = rest.version

    refusal = recorded_response("no logical date")(rest.version)
    mwaa.begin(after(upgrade, refusal), *rest.created())
    assert trigger()["airflow_version"] == rest.version
    dates = [call["Body"].get("logical_date", "absent") for call in mwaa.rest_calls]
    assert dates == ["absent", None]


@MAJOR_2
def test_a_refused_body_without_an_upgrade_is_not_sent_again(
    rest: RestAdapter, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(recorded_response("null logical date")(rest.version), *rest.absent())
    with pytest.raises(CommandRejected, match="HTTP 400"):
        trigger()
    assert mwaa.paths == [*rest.trigger, *rest.failed_lookup]


# Time -------------------------------------------------------------------------------------------


def test_the_client_waits_for_the_time_limit_of_invoke_rest_api() -> None:
    assert API_READ_SECONDS > 10  # what InvokeRestApi itself waits
