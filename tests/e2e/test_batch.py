"""A batch creates one DAG run for each item, even if it fails and is redriven."""

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
    MAX_CONCURRENCY,
    Execution,
    Stack,
    on_the_default,
    over_cli,
    over_rest,
)

SECONDS = 300.0


class Requests:
    """Counts concurrent requests, and rejects requests that contain a text in `rejected`."""

    def __init__(
        self, perform: Callable[[Request, Callable[[], Response]], Response], rejected: set[str]
    ) -> None:
        self._perform = perform
        self._rejected = rejected
        self._lock = threading.Lock()
        self._current = 0
        self.maximum = 0

    def __call__(self, request: Request, action: Callable[[], Response]) -> Response:
        if any(client in request.body.decode() for client in self._rejected):
            return Response(HTTPStatus.FORBIDDEN)
        with self._lock:
            self._current += 1
            self.maximum = max(self.maximum, self._current)
        try:
            return self._perform(request, action)
        finally:
            with self._lock:
                self._current -= 1


@on_the_default
@over_rest
def test_a_redrive_completes_a_failed_batch_over_rest(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_three_items_and_redrive(stack, monkeypatch)


@pytest.mark.airflow_version(NEWEST_OF_EACH_MAJOR[0])
@over_cli
def test_a_redrive_completes_a_failed_batch_over_the_cli(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_three_items_and_redrive(stack, monkeypatch)


def fail_three_items_and_redrive(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that a batch in which three items fail has one DAG run for each client after a redrive."""
    clients = [f"client-{uuid.uuid4()}" for _ in range(20)]
    items = [
        {"mwaa_env_name": "sandbox", "mwaa_dag_name": "paused", "mwaa_dag_conf": {"client": name}}
        for name in clients
    ]
    rejected = {clients[index] for index in (5, 12, 19)}
    before = set(stack.airflow.run_ids("paused"))
    requests = Requests(stack.sandbox.front.perform, rejected)
    monkeypatch.setattr(stack.sandbox.front, "perform", requests)

    failed = Execution.described(
        stack.source.execute(
            stack.outputs["batch_state_machine_arn"],
            {"dag_runs": items},
            name=str(uuid.uuid4()),
            timeout=SECONDS,
        )
    )
    # When the redrive begins, functions of stopped executions may still run, as on AWS.
    maximum = requests.maximum
    rejected.clear()
    stack.source.states.redrive_execution(executionArn=failed.executionArn)
    ended = stack.source.wait_for_end(failed.executionArn, timeout=SECONDS)

    assert failed.error == "States.ExceedToleratedFailureThreshold"
    assert ended["status"] == "SUCCEEDED", ended
    assert 1 <= maximum <= MAX_CONCURRENCY
    created = set(stack.airflow.run_ids("paused")) - before
    runs = [stack.airflow.dag_run("paused", run_id) for run_id in created]
    assert Counter(run.conf["client"] for run in runs if run) == Counter(clients)
