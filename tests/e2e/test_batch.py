"""A list of onboardings is one execution of the batch state machine, and as many DAG runs as it has items."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus

import pytest

from sandbox.mwaa.http import Request, Response
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR
from tests.e2e.conftest import (
    BUCKET,
    MAX_CONCURRENCY,
    Execution,
    Stack,
    on_the_default,
    over_cli,
    over_rest,
)

SECONDS = 300.0


class Requests:
    """Counts the requests at once, and refuses those that name one of `refused`."""

    def __init__(
        self, carry_out: Callable[[Request, Callable[[], Response]], Response], refused: set[str]
    ) -> None:
        self._carry_out = carry_out
        self._refused = refused
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __call__(self, request: Request, action: Callable[[], Response]) -> Response:
        if any(client in request.body.decode() for client in self._refused):
            return Response(HTTPStatus.FORBIDDEN)
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self._carry_out(request, action)
        finally:
            with self._lock:
                self._now -= 1


# Of Airflow 3 the API server, on SQLite, lets three triggers at once wait for each other until they time out.
@pytest.mark.airflow_version(NEWEST_OF_EACH_MAJOR[0])
@over_rest
def test_a_batch_over_rest_is_corrected_and_redriven(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    redrive_after_three_refusals(stack, monkeypatch)


@on_the_default
@over_cli
def test_a_batch_over_the_cli_is_corrected_and_redriven(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    redrive_after_three_refusals(stack, monkeypatch)


def redrive_after_three_refusals(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start a batch in which three items fail, then redrive it: each client has exactly one DAG run."""
    clients = [f"client-{uuid.uuid4()}" for _ in range(20)]
    items = [
        {"mwaa_env_name": "sandbox", "mwaa_dag_name": "paused", "mwaa_dag_conf": {"client": name}}
        for name in clients
    ]
    refused = {clients[index] for index in (5, 12, 19)}
    before = set(stack.airflow.run_ids("paused"))
    requests = Requests(stack.sandbox.front.perform, refused)
    monkeypatch.setattr(stack.sandbox.front, "perform", requests)
    stack.source.create_bucket(BUCKET)

    failed = Execution.described(
        stack.source.execute(
            stack.outputs["batch_state_machine_arn"],
            {"dag_runs": items},
            name=str(uuid.uuid4()),
            timeout=SECONDS,
        )
    )
    # A function whose execution was stopped may still be at its request when a redrive begins, as on AWS.
    most = requests.most
    refused.clear()
    stack.source.states.redrive_execution(executionArn=failed.executionArn)
    ended = stack.source.wait_for_end(failed.executionArn, timeout=SECONDS)

    assert failed.error == "States.ExceedToleratedFailureThreshold"
    assert ended["status"] == "SUCCEEDED", ended
    assert 1 <= most <= MAX_CONCURRENCY
    made = set(stack.airflow.run_ids("paused")) - before
    runs = [stack.airflow.dag_run("paused", run_id) for run_id in made]
    assert Counter(run.conf["client"] for run in runs if run) == Counter(clients)
