"""The local Step Functions: a distributed map bounds its children and counts their failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.sandbox.step_functions.distributed_maps import (
    ALL,
    CHILDREN,
    WORK,
    counts,
    distributed,
    items,
    run_of,
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
                id="one of both, exceeded",
            ),
        ],
    )
    def test_the_execution_fails_once_more_children_have_failed_than_is_tolerated(
        self, machines: Machines, fields: Mapping[str, Any], status: str
    ) -> None:
        machine = machines.create("machine", distributed(**fields), allow=ALL)

        ended = machines.execute(machine, items(0, 1, 1, 0))

        assert ended["status"] == status
        if status == "FAILED":
            assert ended["error"] == "States.ExceedToleratedFailureThreshold"
            assert ended["cause"] == "The specified tolerated failure threshold was exceeded"
        else:
            outputs = [item and item["n"] for item in json.loads(ended["output"])]
            assert outputs == [0, None, None, 3]
            assert counts(machines, ended["executionArn"]) == {"succeeded": 2, "failed": 2}

    def test_what_was_not_started_by_then_stays_pending(self, machines: Machines) -> None:
        machine = machines.create("machine", distributed(), allow=ALL)

        ended = machines.execute(machine, items(0, 1, 0, 0))

        assert counts(machines, ended["executionArn"]) == {
            "succeeded": 1,
            "failed": 1,
            "pending": 2,
        }
        assert run_of(machines, ended["executionArn"])["status"] == "FAILED"

    def test_what_runs_then_is_aborted(self, machines: Machines) -> None:
        wait = {
            "Type": "Wait",
            "QueryLanguage": "JSONata",
            "Seconds": "{% $states.input.fails ? 0 : 60 %}",
            "Next": "Work",
        }
        states = distributed({"Wait": wait, "Work": WORK}, MaxConcurrency=2)
        machine = machines.create("machine", states, allow=ALL)

        ended = machines.execute(machine, items(0, 1))

        assert ended["status"] == "FAILED"
        assert counts(machines, ended["executionArn"]) == {"failed": 1, "aborted": 1}


class TestChildren:
    def test_have_a_context_of_their_own(self, machines: Machines) -> None:
        context = {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Output": "{% $states.context.Execution %}",
            "End": True,
        }
        machine = machines.create("machine", distributed({"Context": context}), allow=ALL)

        ended = machines.execute(machine, {"items": [{"a": 1}]})

        (execution,) = json.loads(ended["output"])
        assert execution["Id"] == f"{CHILDREN.removesuffix('*')}{execution['Name']}"
        assert (execution["Input"], execution["RedriveCount"]) == ({"a": 1}, 0)

    def test_start_only_where_the_role_may_start_executions_of_its_own_state_machine(
        self, machines: Machines
    ) -> None:
        machine = machines.create("machine", distributed())

        ended = machines.execute(machine, items(0))

        assert ended["status"] == "FAILED"
        assert "is not authorized to perform: states:StartExecution on resource" in ended["cause"]

    def test_run_no_more_at_once_than_the_map_says(self, machines: Machines) -> None:
        wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
        machine = machines.create("machine", distributed(wait, MaxConcurrency=2), allow=ALL)
        started = machines.account.states.start_execution(
            stateMachineArn=machine, input=json.dumps(items(0, 0, 0))
        )
        execution = started["executionArn"]

        def running() -> Mapping[str, int]:
            runs = machines.account.states.list_map_runs(executionArn=execution)["mapRuns"]
            return run_of(machines, execution)["itemCounts"] if runs else {}

        wait_until(lambda: running().get("running") == 2)
        assert running()["pending"] == 1
        machines.account.states.stop_execution(executionArn=execution)

        assert machines.ended(execution)["status"] == "ABORTED"
        assert counts(machines, execution) == {"aborted": 2, "pending": 1}
        assert run_of(machines, execution)["status"] == "ABORTED"
