"""InvokeRestApi on the wire: broken, unreadable, large and unusual exchanges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import pytest
from mwaa_dags_trigger.deadline import Deadline
from mwaa_dags_trigger.errors import MwaaUnavailable, OutcomeUnknown
from mwaa_dags_trigger.fields import MAX_CONF_BYTES
from mwaa_dags_trigger.mwaa.environments import AirflowVersion, Environments
from mwaa_dags_trigger.transports.base import DagRun
from mwaa_dags_trigger.transports.rest import RestTransport

from sandbox.mwaa.http import Response
from tests.support import transcripts
from tests.support.clock import Clock
from tests.support.fake_mwaa.broken_responses import HangUp, Reset, Truncated
from tests.support.fake_mwaa.responses import endless, respond, web
from tests.support.fake_mwaa.server import FakeMwaa, Operation, client
from tests.support.transports.adapter import CONF, RUN_ID, TRIGGER
from tests.support.transports.rest_adapter import recorded_response
from tests.support.waiting import wait_until

REST = Operation.INVOKE_REST_API


class Trigger(Protocol):
    """A function that triggers a DAG run with this conf."""

    def __call__(self, conf: dict[str, Any] = CONF) -> DagRun: ...


@pytest.fixture
def trigger(rest_transport: RestTransport, deadline: Deadline) -> Trigger:
    def trigger(conf: dict[str, Any] = CONF) -> DagRun:
        return rest_transport.trigger(replace(TRIGGER, conf=conf), deadline)

    return trigger


@pytest.fixture
def hasty(
    mwaa: FakeMwaa, clock: Clock, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trigger]:
    """A trigger whose client waits for 0.2 s of real time and makes no other call."""
    made = client(mwaa, clock, read_timeout=0.2)
    environments = Environments(made, clock)
    monkeypatch.setattr(environments, "airflow_version", lambda _: AirflowVersion(3, 3, "3.3.1"))
    transport = RestTransport(environments)
    yield lambda conf=CONF: transport.trigger(TRIGGER, deadline)
    made.close()


@pytest.mark.parametrize(
    "response", [Reset(), HangUp(), Truncated()], ids=lambda response: type(response).__name__
)
def test_a_broken_exchange_leaves_the_outcome_unknown(
    response: Response, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(respond(REST, response))
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert len(mwaa.rest_calls) == 1


def test_a_missing_response_leaves_the_outcome_unknown(mwaa: FakeMwaa, hasty: Trigger) -> None:
    mwaa.add(endless(REST))
    with pytest.raises(OutcomeUnknown, match="ReadTimeoutError"):
        hasty()
    wait_until(
        lambda: not mwaa.remaining_steps
    )  # a slow server reads it after the client has closed the connection
    assert len(mwaa.rest_calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"x"', id="string"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b'{"RestApiStatusCode": "200"}', id="status a string"),
        pytest.param(b'{"a":' * 100_000, id="nested without end"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_response_that_mwaa_never_sends_leaves_the_outcome_unknown(
    status: int, body: bytes, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(respond(REST, Response(status, body)))
    with pytest.raises(OutcomeUnknown):
        trigger()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_page_leaves_the_outcome_unknown(
    status: int, mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(respond(REST, Response(status, b"<html>")))
    with pytest.raises(OutcomeUnknown):
        trigger()
    assert len(mwaa.rest_calls) == 1


def test_without_a_server_nothing_was_created(
    mwaa: FakeMwaa, clock: Clock, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeMwaa, "hostname", mwaa.closed_address)
    transport = RestTransport(Environments(client(mwaa, clock), clock))
    with pytest.raises(MwaaUnavailable, match="EndpointConnectionError"):
        transport.trigger(TRIGGER, deadline)


def test_a_response_of_10_mb_is_read(mwaa: FakeMwaa, trigger: Trigger) -> None:
    run = transcripts.rest("3.3.1", "created", run_id=RUN_ID).response
    mwaa.begin(web(200, {**run, "note": "x" * 10_000_000}))
    assert trigger().state == "queued"


@pytest.mark.parametrize(
    "conf",
    [
        pytest.param({"k": "é" * (MAX_CONF_BYTES // 2 - 10)}, id="the largest"),
        pytest.param({"' --run-id evil": '"\\\n🚀\x00\u2028'}, id="odd characters"),
        pytest.param({"a": "\ud800"}, id="half a surrogate pair"),
        pytest.param({"a": [1, 1.5, 10**22, True, None, {"b": []}]}, id="all types"),
        pytest.param({"a": json.loads("[" * 400 + "]" * 400)}, id="nested"),
    ],
)
def test_a_conf_arrives_as_it_was_sent(
    conf: dict[str, Any], mwaa: FakeMwaa, trigger: Trigger
) -> None:
    mwaa.begin(recorded_response("created")("3.3.1"))
    trigger(conf)
    (post,) = mwaa.requests_for(REST)
    assert post.path == "/restapi/etl"
    assert json.loads(post.body) == {
        "Path": "/dags/demo/dagRuns",
        "Method": "POST",
        "Body": {"dag_run_id": RUN_ID, "conf": conf, "logical_date": None},
    }
