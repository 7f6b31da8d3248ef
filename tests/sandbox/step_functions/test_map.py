"""Distributed maps of the local Step Functions limit concurrent children and tolerate failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.sandbox.step_functions.distributed_maps import (
    ALL_PERMISSIONS,
    CHILDREN,
    FAILING_STATE,
    counts,
    distributed_map,
    items,
    map_run,
)
from tests.support.local_aws.state_machines import Machines
from tests.support.waiting import wait_until


class TestTolerance:
    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            pytest.param({}, "FAILED", id="none"),
            pytest.param({"ToleratedFailureCount": 1}, "FAILED", id="count, exceeded"),
            pytest.param({"ToleratedFailureCount": 2}, "SUCCEEDED", id="count"),
            pytest.param({"ToleratedFailurePercentage": 49}, "FAILED", id="percentage, exceeded"),
            pytest.param({"ToleratedFailurePercentage": 50}, "SUCCEEDED", id="percentage"),
            pytest.param(
                {"ToleratedFailureCount": 3, "ToleratedFailurePercentage": 49},
                "FAILED",
                id="one of two, exceeded",
            ),
        ],
    )
    def test_is_exceeded_by_more_failed_children(
        self, machines: Machines, fields: Mapping[str, Any], status: str
    ) -> None:
        machine = machines.create("machine", distributed_map(**fields), allow=ALL_PERMISSIONS)

        ended = machines.execute(machine, items(0, 1, 1, 0))

        assert ended["status"] == status
        if status == "FAILED":
            assert ended["error"] == "States.ExceedToleratedFailureThreshold"
            assert ended["cause"] == "The specified tolerated failure threshold was exceeded"
        else:
            outputs = [item and item["n"] for item in json.loads(ended["output"])]
            assert outputs == [0, None, None, 3]
            assert counts(machines, ended["executionArn"]) == {"succeeded": 2, "failed": 2}

    def test_leaves_the_remaining_items_pending_if_exceeded(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed_map(), allow=ALL_PERMISSIONS)

        ended = machines.execute(machine, items(0, 1, 0, 0))

        assert counts(machines, ended["executionArn"]) == {
            "succeeded": 1,
            "failed": 1,
            "pending": 2,
        }
        assert map_run(machines, ended["executionArn"])["status"] == "FAILED"

    def test_aborts_the_running_children_if_exceeded(self, machines: Machines) -> None:
        wait = {
            "Type": "Wait",
            "QueryLanguage": "JSONata",
            "Seconds": "{% $states.input.fails ? 0 : 60 %}",
            "Next": "Work",
        }
        states = distributed_map({"Wait": wait, "Work": FAILING_STATE}, MaxConcurrency=2)
        machine = machines.create("machine", states, allow=ALL_PERMISSIONS)

        ended = machines.execute(machine, items(0, 1))

        assert ended["status"] == "FAILED"
        assert counts(machines, ended["executionArn"]) == {"failed": 1, "aborted": 1}


class TestChildren:
    def test_have_their_own_context(self, machines: Machines) -> None:
        context = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% $states.context.Execution %}",
            "End": True,
        }
        machine = machines.create(
            "machine", distributed_map({"Context": context}), allow=ALL_PERMISSIONS
        )

        ended = machines.execute(machine, {"items": [{"a": 1}]})

        (execution,) = json.loads(ended["output"])
        assert execution["Id"] == f"{CHILDREN.removesuffix('*')}{execution['Name']}"
        assert (execution["Input"], execution["RedriveCount"]) == ({"a": 1}, 0)

    def test_require_the_permission_to_start_executions_of_the_state_machine(
        self, machines: Machines
    ) -> None:
        machine = machines.create("machine", distributed_map())

        ended = machines.execute(machine, items(0))

        assert ended["status"] == "FAILED"
        assert "is not authorized to perform: states:StartExecution on resource" in ended["cause"]

    def test_are_limited_by_the_maximum_concurrency(self, machines: Machines) -> None:
        wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
        machine = machines.create(
            "machine", distributed_map(wait, MaxConcurrency=2), allow=ALL_PERMISSIONS
        )
        started = machines.account.states.start_execution(
            stateMachineArn=machine, input=json.dumps(items(0, 0, 0))
        )
        execution = started["executionArn"]

        def running() -> Mapping[str, int]:
            runs = machines.account.states.list_map_runs(executionArn=execution)["mapRuns"]
            return map_run(machines, execution)["itemCounts"] if runs else {}

        wait_until(lambda: running().get("running") == 2)
        assert running()["pending"] == 1
        machines.account.states.stop_execution(executionArn=execution)

        assert machines.ended(execution)["status"] == "ABORTED"
        assert counts(machines, execution) == {"aborted": 2, "pending": 1}
        assert map_run(machines, execution)["status"] == "ABORTED"
